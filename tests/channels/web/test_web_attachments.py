"""Photos: real ones only, without what the camera wrote into them, and only for whoever may see them."""

import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from channels import attachments, images
from core import clock
from core.errors import BadInput, NotFound
from tests.channels.web.conftest import Held

GPS = b"GPS 39.9042N 116.4074E"


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"eXIf", GPS)
        + chunk(b"tEXt", b"Comment\0" + GPS)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
        + chunk(b"IEND", b"")
    )


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def exif(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0) + GPS


def jpeg(orientation: int = 1) -> bytes:
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + segment(0xE1, exif(orientation))
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + GPS)
        + segment(0xED, GPS)
        + segment(0xE2, b"ICC_PROFILE\0profile")
        + segment(0xFE, GPS)
        + segment(0xDB, bytes(65))
        + segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"data\xff\x00data\xff\xd0data"
        + b"\xff\xd9"
        + GPS  # a film behind the picture, as some telephones write it
    )


def webp() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    chunks = chunk(b"VP8X", bytes([0x0C]) + bytes(9)) + chunk(b"VP8 ", b"picture") + chunk(b"EXIF", GPS)
    chunks += chunk(b"XMP ", GPS)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


@pytest.mark.parametrize(
    ("content", "media_type"), [(png(), "image/png"), (jpeg(), "image/jpeg"), (webp(), "image/webp")]
)
def test_a_photo_does_not_say_where_it_was_taken(content: bytes, media_type: str) -> None:
    cleaned = images.clean(content)

    assert cleaned.media_type == media_type
    assert GPS in content
    assert GPS not in cleaned.content
    assert images.clean(cleaned.content).content == cleaned.content


def test_the_picture_itself_is_copied_byte_for_byte() -> None:
    cleaned = images.clean(jpeg())

    assert b"data\xff\x00data\xff\xd0data\xff\xd9" in cleaned.content
    assert b"ICC_PROFILE" in cleaned.content
    assert b"JFIF" in cleaned.content


def test_a_photo_still_stands_upright() -> None:
    cleaned = images.clean(jpeg(orientation=6)).content

    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in cleaned
    assert b"Exif" not in images.clean(jpeg(orientation=1)).content


def lossy(width: int, height: int) -> bytes:
    picture = bytes(6) + struct.pack("<HH", width, height)
    chunk = b"VP8 " + struct.pack("<I", len(picture)) + picture
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize(
    "content",
    [
        png().replace(struct.pack(">II", 1, 1), struct.pack(">II", 30_000, 30_000)),
        jpeg().replace(
            segment(0xDB, bytes(65)), segment(0xC0, b"\x08" + struct.pack(">HH", 60_000, 60_000) + bytes(10))
        ),
        webp().replace(bytes(9), b"\0\0\0" + b"\xff\xff\xff" * 2),
        lossy(16_000, 16_000),
    ],
)
def test_a_small_file_of_very_many_pixels_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="尺寸太大"):
        images.clean(content)


def test_a_photo_of_a_good_camera_is_taken() -> None:
    assert images.clean(lossy(12_000, 9_000)).media_type == "image/webp"


def cut_off() -> Iterator[bytes]:
    for whole in (png(), jpeg().removesuffix(GPS), webp()):
        yield from (whole[:length] for length in range(len(whole)))


def test_a_photo_that_was_cut_off_is_refused() -> None:
    for content in cut_off():
        with pytest.raises(BadInput):
            images.clean(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\0",
        b"\xff\xd8\xff",
        b"\0" * 99,
    ],
)
async def test_what_is_no_photo_is_refused(client: httpx.AsyncClient, held: Held, content: bytes) -> None:
    answer = await client.post(
        held.path("attachments"), files={"file": ("photo.jpg", content, "image/jpeg")}, headers=held.headers
    )

    assert answer.status_code == 422
    assert answer.json()["detail"]


async def send(client: httpx.AsyncClient, held: Held, content: bytes) -> httpx.Response:
    return await client.post(held.path("attachments"), files={"file": ("a.png", content)}, headers=held.headers)


async def test_a_photo_is_for_its_conversation_only(client: httpx.AsyncClient, held: Held, another: Held) -> None:
    kept = (await send(client, held, png())).json()["id"]

    own = await client.get(held.path(f"attachments/{kept}"), headers=held.headers)
    foreign = await client.get(another.path(f"attachments/{kept}"), headers=another.headers)
    none = await client.get(another.path("attachments/none"), headers=another.headers)

    assert own.content == images.clean(png()).content
    assert own.headers["content-type"] == "image/png"
    assert (foreign.status_code, foreign.json()) == (none.status_code, none.json())
    assert foreign.status_code == 404


async def test_a_message_shows_its_photo_and_no_foreign_one(
    client: httpx.AsyncClient, held: Held, another: Held
) -> None:
    own = (await send(client, held, png())).json()["id"]
    foreign = (await send(client, another, png())).json()["id"]

    said = await client.post(held.path("messages"), json={"text": "路灯坏了", "media": [own]}, headers=held.headers)
    refused = await client.post(held.path("messages"), json={"text": "看", "media": [foreign]}, headers=held.headers)

    assert said.status_code == 200
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]
    assert kept[0]["media"] == [{"kind": "image", "id": own}]
    assert refused.status_code == 422


async def test_a_photo_beyond_the_setting_is_refused(client: httpx.AsyncClient, held: Held, setting: object) -> None:
    setting("attachment_megabytes", "1")  # type: ignore[operator]
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        answer = await send(client, held, png() + bytes(size))
        assert answer.status_code == 413
        assert "1 MB" in answer.json()["detail"]


@pytest.mark.parametrize("attachment", ["", "../secret.key", "a.b", f"../x.{'0' * 32}", f"c.{'0' * 32}.exe", "c.%2e"])
def test_an_id_that_is_none_names_no_file(attachment: str) -> None:
    with pytest.raises(NotFound):
        attachments.open_file(attachment)


async def test_one_conversation_keeps_twenty_photos_a_day(client: httpx.AsyncClient, held: Held, another: Held) -> None:
    answers = [(await send(client, held, png())).status_code for _ in range(21)]

    assert answers == [201] * 20 + [429]
    assert (await send(client, another, png())).status_code == 201
    with clock.set_to(clock.now() + timedelta(hours=25)):
        assert (await send(client, held, png())).status_code == 201


async def test_a_photo_that_a_kill_broke_off_counts_for_nothing_and_goes(client: httpx.AsyncClient, held: Held) -> None:
    first = (await send(client, held, png())).json()["id"]
    folder = attachments.open_file(first).path.parent
    for name in ("0" * 32, "1" * 32):
        (folder / f"{name}.part").write_bytes(png()[:40])
    for _ in range(19):
        assert (await send(client, held, png())).status_code == 201
    with clock.set_to(clock.now() + timedelta(hours=25)):
        assert (await send(client, held, png())).status_code == 201
    assert not list(folder.glob("*.part"))
