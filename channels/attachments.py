"""Citizens' photos: `<data>/attachments/<conversation>/<name>`, and nowhere under a public address.

An attachment's id is `<conversation>.<name>`: it says by itself whose it is, so that a foreign one is refused without a
table, and everything of one conversation can be erased with its folder. A photo that has to be fetched first has its
id before it is there.
"""

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from channels import images
from core import clock
from core.errors import NotFound, TooLarge, TooMany, Unavailable
from core.privacy import blind_index
from core.settings import settings

MEGABYTE = 1024 * 1024
PART = ".part"
BROKEN_OFF = timedelta(hours=1)  # nobody writes one photo for so long
MOST_A_DAY = 20  # photos that one conversation may send; a conversation over WeChat lasts for years

_ID = re.compile(r"(?P<conversation>[A-Za-z0-9_-]{1,64})\.(?P<name>[0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A kept photo."""

    id: str
    path: Path
    media_type: str


def largest() -> int:
    """Return the size of the largest photo, in bytes."""
    return settings().attachment_megabytes * MEGABYTE


def too_large() -> TooLarge:
    """Return the refusal of a larger one."""
    return TooLarge(f"照片太大了，请发送不超过 {settings().attachment_megabytes} MB 的照片。")


def foretold(conversation: str, reference: str) -> str:
    """Return the id that the photo will have which another system keeps under `reference`; always the same."""
    return f"{conversation}.{blind_index(f'attachment:{conversation}:{reference}').hex()[:32]}"


def keep(conversation: str, content: bytes, *, id: str | None = None) -> Attachment:
    """Write a citizen's photo, without its metadata, and return it. `id`: the one that was foretold.

    Raises TooLarge beyond the setting, BadInput for what is no photo, TooMany beyond 20 photos of a conversation in 24
    hours, Unavailable where the disk takes no more.
    """
    if len(content) > largest():
        raise too_large()
    image = images.clean(content)
    id = id or f"{conversation}.{secrets.token_hex(16)}"
    path = _path(id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_broken_off(path.parent)
        if _of_today(path.parent) >= MOST_A_DAY:
            raise TooMany(f"一天最多发送 {MOST_A_DAY} 张照片，请用文字补充说明，或明天再发。")
        # Beside its place first, so that a photo is never seen half written.
        part = path.with_suffix(PART)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(image.content)
            file.flush()
            os.fsync(file.fileno())  # a ticket will name it: it is to be there after a power cut too
        part.replace(path)
    except OSError as error:
        path.with_suffix(PART).unlink(missing_ok=True)
        raise Unavailable("照片暂时保存不了，请先用文字说明，稍后再补发照片。") from error
    return Attachment(id, path, image.media_type)


def open_file(attachment: str) -> Attachment:
    """Return where the photo with this id lies. Whoever calls has checked who asks: the ticket's visibility rules.

    Raises NotFound for an id that is none, or whose photo is gone or not there yet.
    """
    if _ID.fullmatch(attachment) is None:
        raise NotFound("没有这张照片。")
    path = _path(attachment)
    try:
        with path.open("rb") as file:
            media_type = images.media_type(file.read(images.SIGNATURE_BYTES))
    except OSError:
        raise NotFound("没有这张照片。") from None
    return Attachment(attachment, path, media_type)


def of_conversation(attachment: str, conversation: str) -> Attachment:
    """Return a photo of this conversation. Raises NotFound, the same for a foreign one and for none."""
    if attachment.split(".")[0] != conversation:
        raise NotFound("没有这张照片。")
    return open_file(attachment)


def _path(id: str) -> Path:
    conversation, _, name = id.partition(".")
    return settings().data.expanduser() / "attachments" / conversation / name


def _of_today(folder: Path) -> int:
    since = (clock.now() - timedelta(days=1)).timestamp()
    return sum(each.stat().st_mtime > since for each in folder.iterdir() if each.suffix != PART)


def _forget_broken_off(folder: Path) -> None:
    """Delete what a process that was killed had begun to write: its citizen was never told of it."""
    before = (clock.now() - BROKEN_OFF).timestamp()
    for part in folder.glob(f"*{PART}"):
        with suppress(FileNotFoundError):  # its writer has just finished it
            if part.stat().st_mtime < before:
                part.unlink()
