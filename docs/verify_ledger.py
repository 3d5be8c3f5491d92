"""Check an export of Yitong's ledger: verify_ledger.py PUBLIC_KEY… < FILE; needs `cryptography`."""

import json
import sys
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key

HASHED = ("subject", "number", "at", "actor", "kind", "data", "previous")
SIGNED = ("number", "at", "after", "upto", "events", "total", "root", "previous", "key")
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _require(holds, what):
    if not holds:
        sys.exit(f"DOES NOT HOLD: {what}")


sys.excepthook = lambda kind, error, _: print(f"DOES NOT HOLD: {kind.__name__} {error}", file=sys.stderr)
trusted, lines = sys.argv[1:], map(json.loads, sys.stdin.buffer)
head, chains, nodes, count = next(lines), {}, [], 0
key, state = None, [0, 0, 0, "00" * 32]  # number, highest id, count and hash of the checkpoint before
for line in lines:
    number, old = line["number"], line["previous"]
    if line["type"] == "event":
        id, hash, count = line["id"], line["hash"], count + 1
        new = (number - 1, old) if number > 1 and head["first"] > 1 else (0, "00" * 32)  # first seen in mid-chain?
        before, digest = chains.get(line["subject"], new), sha256(canonical([line[name] for name in HASHED]).encode())
        _require((before, hash) == ((number - 1, old), digest.hexdigest()), f"event {id} or one before it")
        chains[line["subject"]] = (number, hash)
        nodes.append(sha256(f"\0{id}:{hash}".encode()).digest())
        for side, sibling in ((step[0], bytes.fromhex(step[1:])) for step in line.get("path", ())):
            nodes[-1] = sha256(b"\1" + (sibling + nodes[-1] if side == "L" else nodes[-1] + sibling)).digest()
        continue
    content = canonical({name: line[name] for name in SIGNED}).encode()
    Key.from_public_bytes(bytes.fromhex(line["key"])).verify(bytes.fromhex(line["signature"]), content)
    if line["key"] not in trusted and key in trusted:  # a new key is trusted when the former one has signed it too
        Key.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(line["endorsement"]), content)
        trusted.append(line["key"])
    before = [number - 1, line["after"], line["total"] - line["events"], old]
    _require(before == state, f"what is before checkpoint {number}")
    if head["scope"] == "events" and head["first"] <= number <= head["last"]:
        _require(len(nodes) == line["events"], f"checkpoint {number}: {len(nodes)} events of {line['events']}")
        while len(nodes) > 1:  # RFC 6962: level by level in pairs, a last one without a partner moves up
            pairs = [nodes[at : at + 2] for at in range(0, len(nodes), 2)]
            nodes = [sha256(b"\1" + b"".join(pair)).digest() if len(pair) > 1 else pair[0] for pair in pairs]
    _require(all(node.hex() == line["root"] for node in nodes), f"checkpoint {number}: other events were signed")
    key, state, nodes = line["key"], [number, line["upto"], line["total"], sha256(content).hexdigest()], []
_require(key in trusted, f"the last checkpoint's key is not one you trust: {key}")
print(f"{count} events hold ({head['scope']}, checkpoints {head['first']}-{head['last']}); {len(nodes)} only chained.")
