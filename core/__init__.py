"""Ground floor: what every room stands on and no room owns.

settings   what an operator can change (`YITONG_…`)
city       the folder of data that describes one city
clock      the only clock: `now()`, UTC
database   PostgreSQL: `Base`, `session()`, `transaction()`; embedded server in `embedded`
jobs       Procrastinate on the same database: `task`, `defer` inside the caller's transaction
ledger     append-only events with a hash chain: `append`, `verify`
outbox     notices on their way to a channel: `post`; the worker hands them to that channel's `deliver`
live       LISTEN/NOTIFY: `announce`, `subscribe`
privacy    encryption of personal fields, blind index for look-up, masking
auth       who acts: `Actor`, staff accounts, sessions, permissions
clients    departments' own systems: their accounts, secrets and tokens
idempotency  answers kept for whoever asks the same again: `begin`, `keep`
versions   trained models in the database: `store`, `put_in_service`, `roll_back`, `folder`
messages   message catalogues for what people read: `Catalogue`
errors     errors that carry an HTTP status and a sentence for a person
logs       structured logs that hold no personal data
text       normalise, segment, encode, index
"""
