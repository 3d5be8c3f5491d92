"""How an answer is said: the passage with its source, whether it solved the matter, what else may be asked."""

import re
from typing import Any

import kb
from bot.contract import ReplyType
from bot.engine.state import Option
from bot.engine.talk import Talk
from core.text.normalise import normalise
from kb import words, writing
from kb.quoting import EVERY
from routing.departments import tree as departments

_LAW = re.compile(r"《[^》]+》")  # its articles stand in the data; nobody wants them read aloud
LONGEST_MEMORY = 300  # characters of what the citizen said in questions, which may tell a condition later
OFFERED = ("materials", "fee", "where", "steps", "conditions", "online")
MOST_OFFERED = {"voice": 2}  # sections, where they are read aloud; elsewhere all
SECTION = "section:"  # before the kind, in the code of an option


def remember(talk: Talk, text: str) -> None:
    """Keep what the citizen said in a question."""
    talk.state.told = f"{talk.state.told}\n{text}".strip()[-LONGEST_MEMORY:]


async def give(talk: Talk, found: kb.Answer) -> None:
    """Say the answer, ask whether that solved it, and offer the article's other sections."""
    state = talk.state
    state.said = [*(state.said if state.article == found.article else []), found.section]
    state.article, state.summary, state.misunderstood = found.article, found.title, 0
    await say(talk, found)
    options = talk.options("solved", "not_solved")
    kinds = [kind for kind in OFFERED if kind in found.sections]
    for kind in kinds[: MOST_OFFERED.get(talk.turn.channel)]:
        key = f"option.section.{kind}"
        options.append(Option(f"{SECTION}{kind}", talk.word(key), heard=talk.word(f"{key}.heard")))
    why = {"rule": "answered", "article": found.article}
    talk.offer("answer.solved", expects="solved", options=options, why=why)


def ask_condition(talk: Talk, found: kb.Answer) -> None:
    """Ask what the answer depends on."""
    state = talk.state
    state.article, state.said, state.summary = found.article, [], found.title
    options = [Option(label, label) for label in found.choices] + [Option(EVERY, talk.word("option.every_case"))]
    question = "\n".join(filter(None, (_read_otherwise(talk, found), found.ask)))
    why = {"rule": "condition", "article": found.article} | _corrected(found)
    talk.offer("answer.condition", expects="condition", options=options, why=why, question=question)


async def say(talk: Talk, found: kb.Answer) -> None:
    """Say the passage with its source; where a model is set, in its words, as far as the passages support them."""
    department = departments().get(found.department).name if found.department in departments() else ""
    law = _LAW.search(found.basis)
    source = talk.word(
        "answer.source" if law else "answer.source_only", department=department, basis=law[0] if law else ""
    )
    passage, lead, items = found.text.rstrip(), "", found.items
    why: dict[str, Any] = {}
    if writing.enabled() and not found.section:
        written = await writing.write(talk.text, found.passages)
        why = {"written": written.as_json()}
        if written.text:
            passage, items = written.text, ()
    if found.section:  # a passage from the middle of an article says nothing of its matter
        key = "answer.assumed" if found.assumed else "answer.case" if found.case else "answer.about"
        lead = talk.word(key, title=found.title, section=found.section, case=found.case, passage="")
    note = _read_otherwise(talk, found)
    passage = "\n".join(filter(None, (note, f"{lead}{passage}")))
    lead = "\n".join(filter(None, (note, lead)))
    talk.say_text(
        f"{passage}\n{source}",
        type=ReplyType.ANSWER,
        data={
            "article": found.article,
            "title": found.title,
            "section": found.section,
            "kind": found.kind,
            "lead": lead,
            "items": list(items),
            "links": [{"label": link.label, "url": link.url} for link in found.links],
            "basis": found.basis,
            "department": found.department,
            "department_name": department,
            "passage": passage,  # the text without its source, for doors that show the source beside it
            "source": source,
            "reviewed": str(found.reviewed),
        },
        why={"rule": "answer", "article": found.article, "score": round(float(found.score), 3)}
        | ({} if found.related else {"chosen": True})
        | _corrected(found)
        | why,
    )


def _corrected(found: kb.Answer) -> dict[str, Any]:
    """Return for staff what was typed, and what it was read as."""
    return {"corrected": [list(each) for each in found.corrected]} if found.corrected else {}


def _read_otherwise(talk: Talk, found: kb.Answer) -> str:
    """Return a line that names what is looked for in place of what this turn typed; nothing where it was told before.

    Nothing by telephone: both sound alike there, and what was written wrong the line has written itself.
    """
    told = normalise(talk.state.told)
    meant = [
        meant
        for typed, meant in found.corrected
        if typed in talk.plain and told.count(typed) <= 1 and words.content(meant)
    ]
    return talk.word("answer.corrected", words="、".join(meant)) if meant and talk.turn.channel != "voice" else ""
