"""Check an export of Yitong's ledger: verify_ledger.py PUBLIC_KEY… < FILE; needs `cryptography`."""

import json
import sys
from hashlib import sha256 as sha

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key

HASHED = ("subject", "number", "at", "actor", "kind", "data", "previous")
SIGNED = ("number", "at", "after", "upto", "events", "total", "root", "previous", "key")
KNOWN = {"event": ("id", *HASHED, "hash", "path"), "checkpoint": (*SIGNED, "signature", "endorsement")}
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _require(holds, what):
    holds or sys.exit(f"DOES NOT HOLD: {what}")


sys.excepthook = lambda kind, why, _: print(f"DOES NOT HOLD: line {at}: {kind.__name__} {why}", file=sys.stderr)
trusted, chains, row, at = sys.argv[1:], {}, [], 1
scope, first, last = map(json.loads(next(sys.stdin.buffer, "{}")).get, ("scope", "first", "last"))
key, state = None, [0, 0, 0, "00" * 32]  # number, highest id, count and hash of the checkpoint before
for at, raw in enumerate(sys.stdin.buffer, 2):
    line = json.loads(raw)
    known = {name: line[name] for name in ("type", *KNOWN[line["type"]]) if name in line}
    _require(json.dumps(known, ensure_ascii=False).encode() == raw.rstrip(), f"line {at} is not spelled as exported")
    number, old, id, hash = (line.get(name) for name in ("number", "previous", "id", "hash"))
    if line["type"] == "event":
        new = (number - 1, old) if number > 1 and first > 1 else (0, "00" * 32)  # is it first seen in mid-chain?
        before, made = chains.get(line["subject"], new), sha(canonical([line[name] for name in HASHED]).encode())
        _require((before, hash) == ((number - 1, old), made.hexdigest()), f"event {id} or one before it")
        chains[line["subject"]] = (number, hash)
        row.append(sha(f"\0{id}:{hash}".encode()).digest())
        for side, sibling in ((step[0], bytes.fromhex(step[1:])) for step in line.get("path", ())):
            row[-1] = sha(b"\1" + (sibling + row[-1] if side == "L" else row[-1] + sibling)).digest()
        continue
    content = canonical({name: line[name] for name in SIGNED}).encode()
    Key.from_public_bytes(bytes.fromhex(line["key"])).verify(bytes.fromhex(line["signature"]), content)
    if line["key"] not in trusted and key in trusted:  # a new key is trusted when the former one has signed it too
        Key.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(line["endorsement"] or ""), content)
        trusted.append(line["key"])
    _require([number - 1, line["after"], line["total"] - line["events"], old] == state, f"what precedes line {at}")
    if scope == "events" and first <= number <= last:
        _require(len(row) == line["events"], f"checkpoint {number}: {len(row)} events of {line['events']}")
        while len(row) > 1:  # RFC 6962: level by level in pairs, a last one without a partner moves up
            row = [sha(b"\1" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)] + row[len(row) & ~1 :]
    _require(all(node.hex() == line["root"] for node in row), f"checkpoint {number}: other events were signed")
    key, state, row = line["key"], [number, line["upto"], line["total"], sha(content).hexdigest()], []
_require(key in trusted and last <= state[0], f"it ends with {state[0]} of {last}, or this is not one you trust: {key}")
print(f"{at - 1 - state[0]} events hold ({scope}, checkpoints {first}-{last} of {state[0]}); {len(row)} only chained.")
