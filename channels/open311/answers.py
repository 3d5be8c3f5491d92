"""The protocol's two formats, made from the same values: JSON as they are, XML with the protocol's names."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from fastapi import Response

MEDIA_TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}

# What each entry of a list is called in XML.
_ENTRIES = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
_DISCOVERY = "http://wiki.open311.org/Service_Discovery"
# Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(format: str, root: str, value: Any, *, status: int = 200) -> Response:
    """Return `value` in a format; `root`: what XML calls it. Raises KeyError for a format that is none."""
    media_type = MEDIA_TYPES[format]
    content = json.dumps(value, ensure_ascii=False) if format == "json" else _xml(root, value)
    return Response(content, status_code=status, media_type=media_type, headers={"Cache-Control": "no-store"})


def _xml(root: str, value: Any) -> str:
    top = ElementTree.Element(root, {"xmlns": _DISCOVERY} if root == "discovery" else {})
    _fill(top, value)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode")


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            _fill(ElementTree.SubElement(element, name), each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            _fill(ElementTree.SubElement(element, _ENTRIES[element.tag]), each)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _UNWRITABLE.sub("", str(value))
