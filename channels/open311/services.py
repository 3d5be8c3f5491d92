"""What can be reported: the leaf categories on which a ticket is opened, and what each wants to know."""

from typing import Any

from channels.open311.wording import say
from core.errors import NotFound
from intents import RequestType
from intents.categories import Node, tree

# `where` has parameters of its own in the protocol.
DATATYPES = {
    "when": "datetime",
    "hours": "string",
    "who": "string",
    "employer": "string",
    "company": "string",
    "amount": "number",
    "licence_plate": "string",
    "order_number": "string",
}


def services() -> list[dict[str, Any]]:
    """Return every service as the protocol lists it."""
    return [_listed(leaf) for leaf in tree().leaves() if _is_service(leaf)]


def service(code: str) -> Node:
    """Return the category behind a service code. Raises NotFound."""
    found = tree().get(code)
    if found is None or found.children or not _is_service(found):
        raise NotFound(say("refused.service"))
    return found


def definition(leaf: Node) -> dict[str, Any]:
    """Return what the service asks for beside place and description. Nothing is required: the line asks back."""
    return {
        "service_code": leaf.code,
        "attributes": [
            {
                "variable": True,
                "code": code,
                "datatype": DATATYPES[code],
                "required": False,
                "datatype_description": say(f"datatype.{DATATYPES[code]}"),
                "order": order,
                "description": say(f"attribute.{code}"),
                "values": [],
            }
            for order, code in enumerate(attributes(leaf), 1)
        ],
    }


def attributes(leaf: Node) -> tuple[str, ...]:
    """Return the codes of the attributes that a service has."""
    return tuple(element for element in leaf.ask if element in DATATYPES)


def _is_service(leaf: Node) -> bool:
    """Say whether a department handles what is reported here; a question is answered from the knowledge base."""
    return leaf.request_type != RequestType.CONSULTATION


def _listed(leaf: Node) -> dict[str, Any]:
    return {
        "service_code": leaf.code,
        "service_name": leaf.name,
        "description": leaf.definition,
        "metadata": bool(attributes(leaf)),
        "type": "realtime",
        "keywords": ",".join(leaf.path),
        "group": leaf.path[0],
    }
