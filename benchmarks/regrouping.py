"""How often topics of one matter would be torn, and topics of two parted, by night; and how near centres lie.

    python -m benchmarks.regrouping

Made of the sample categories' own examples, ten each, all told of one place: a topic is one category, a topic that
fell apart two categories of one group (the hardest to tell). The limits are the sample city's (`tickets.yaml`, topics).
"""

from itertools import combinations

import numpy as np

from core.text.encode import encoder
from intents import categories
from routing.growing import parting
from routing.rules import rules

PLACE = "桃李社区"
EXAMPLES = 10


def main() -> None:
    """Print what the limits of `topics` do to topics of one category and of two."""
    limits, leaves = rules().topics, [each for each in categories.tree().leaves() if len(each.examples) >= EXAMPLES]
    topics = {
        leaf.code: encoder().encode(
            [f"{PLACE} {leaf.name} {PLACE}{example}" for example in list(leaf.examples)[:EXAMPLES]]
        )
        for leaf in leaves
    }
    pairs = [
        np.vstack([topics[one], topics[other]])
        for one, other in combinations(topics, 2)
        if one.rsplit(".", 1)[0] == other.rsplit(".", 1)[0]
    ]
    halves = [(each[::2], each[1::2]) for each in topics.values()]
    siblings = [(each[:EXAMPLES], each[EXAMPLES:]) for each in pairs]
    for name, sides in (("halves of one category", halves), ("two categories of a group", siblings)):
        near = [float(parting.centre(one) @ parting.centre(other)) for one, other in sides]
        print(f"{name}: {np.mean(np.asarray(near) >= limits.one_from):.3f} of {len(near)} would be joined")
    torn = [bool(parting.apart(each)) for each in topics.values()]
    print(f"one category: {np.mean(torn):.3f} of {len(torn)} would be parted")
    parted = [groups for each in pairs if (groups := parting.apart(each))]
    pure = [
        max(np.mean(np.less(rows, EXAMPLES)), np.mean(np.greater_equal(rows, EXAMPLES)))
        for groups in parted
        for rows in groups
    ]
    share = len(parted) / len(pairs)
    print(f"two categories: {share:.3f} of {len(pairs)} would be parted, each part {np.mean(pure):.3f} pure")


if __name__ == "__main__":
    main()
