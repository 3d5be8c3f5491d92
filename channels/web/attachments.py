"""Citizens' photos: `<data>/attachments/<conversation>/<random>.<ending>`, and nowhere under a public address.

An attachment's id is `<conversation>.<random>.<ending>`: it says by itself whose it is, so that a foreign one is
refused without a table, and everything of one conversation can be erased with its folder.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from channels.web import images
from channels.web.bodies import photo_bytes
from core.errors import NotFound, TooLarge, Unavailable
from core.settings import settings

_ID = re.compile(r"(?P<conversation>[A-Za-z0-9_-]{1,64})\.(?P<random>[0-9a-f]{32})\.(?P<ending>jpg|png|webp)")
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A kept photo."""

    id: str
    path: Path
    media_type: str


def keep(conversation: str, content: bytes) -> Attachment:
    """Write a citizen's photo, without its metadata, and return it.

    Raises TooLarge beyond the setting, BadInput for what is no photo, Unavailable where the disk takes no more.
    """
    if len(content) > photo_bytes():
        raise TooLarge(f"照片太大了，请发送不超过 {settings().attachment_megabytes} MB 的照片。")
    image = images.clean(content)
    made = _attachment(conversation, secrets.token_hex(16), image.ending)
    try:
        made.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(made.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(image.content)
    except OSError as error:
        made.path.unlink(missing_ok=True)
        raise Unavailable("照片暂时保存不了，请先用文字说明，稍后再补发照片。") from error
    return made


def open_file(attachment: str) -> Attachment:
    """Return where the photo with this id lies. Whoever calls has checked who asks: the ticket's visibility rules.

    Raises NotFound for an id that is none, or whose photo is gone.
    """
    found = _ID.fullmatch(attachment)
    if found is None:
        raise NotFound("没有这张照片。")
    made = _attachment(**found.groupdict())
    if not made.path.is_file():
        raise NotFound("没有这张照片。")
    return made


def of_conversation(attachment: str, conversation: str) -> Attachment:
    """Return a photo of this conversation. Raises NotFound, the same for a foreign one and for none."""
    if attachment.split(".")[0] != conversation:
        raise NotFound("没有这张照片。")
    return open_file(attachment)


def _attachment(conversation: str, random: str, ending: str) -> Attachment:
    folder = settings().data.expanduser() / "attachments" / conversation
    return Attachment(
        id=f"{conversation}.{random}.{ending}", path=folder / f"{random}.{ending}", media_type=_MEDIA_TYPES[ending]
    )
