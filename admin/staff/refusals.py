"""How refusals look in the documentation of staff's interface."""

from typing import Any

from channels.web.schemas import Problem
from core.problems import MEDIA_TYPE

MEANINGS = {
    400: "Not JSON in UTF-8",
    401: "Not signed in, or the session has ended",
    403: "Not for this account; or another site's page sent it",
    404: "Not there, or not for this account: both read the same",
    409: "Not possible in the state it is in, or a colleague was faster",
    410: "No longer kept",
    412: "The ticket has changed since you read it (If-Match)",
    413: "Larger than the line takes",
    422: "Not what is asked for",
    429: "Too many failures; try again later",
    503: "Something the line depends on does not answer",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these refusals."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": MEANINGS[status], "content": content} for status in statuses}
