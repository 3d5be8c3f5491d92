"""Errors that carry their HTTP status and one plain sentence for a person (RFC 9457 over HTTP)."""

from typing import Any, ClassVar


class YitongError(Exception):
    """What went wrong, in a sentence that says what to do; `extra` travels in the problem document."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"

    def __init__(self, sentence: str, **extra: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.extra = extra


class BadInput(YitongError):
    """The caller sent something that cannot be used (command line: exit 2)."""

    status = 422
    slug = "bad-input"


class NotSignedIn(YitongError):
    """No session, or one that has ended."""

    status = 401
    slug = "not-signed-in"


class Forbidden(YitongError):
    """The actor may not do this."""

    status = 403
    slug = "forbidden"


class NotFound(YitongError):
    """Nothing there, or nothing this actor may know of: both read the same."""

    status = 404
    slug = "not-found"


class Conflict(YitongError):
    """The thing is in a state in which this cannot be done."""

    status = 409
    slug = "conflict"


class Gone(YitongError):
    """What was there is no longer kept."""

    status = 410
    slug = "gone"


class Outdated(YitongError):
    """The thing has changed since the caller looked at it (RFC 9110, If-Match)."""

    status = 412
    slug = "outdated"


class TooLarge(YitongError):
    """More than the line takes in one piece."""

    status = 413
    slug = "too-large"


class TooMany(YitongError):
    """More requests than the line takes from one caller."""

    status = 429
    slug = "too-many-requests"


class Unavailable(YitongError):
    """Something the line depends on does not answer (command line: exit 1)."""

    status = 503
    slug = "unavailable"


class Uncertain(Unavailable):
    """Something was asked for and the answer did not come: it may have been done."""
