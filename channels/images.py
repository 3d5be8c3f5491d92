"""Photos without what their camera wrote into them: where and when they were taken, with which device, by whom.

The picture itself is copied byte for byte; only the metadata blocks of JPEG, PNG and WebP are left out, and of Exif
the orientation is put back so that the photo stands upright.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import BadInput

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_METADATA = frozenset({b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"})
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")
SIGNATURE_BYTES = 12  # of a file's beginning that say what it is
_WEBP_METADATA = frozenset({b"EXIF", b"XMP "})
_WEBP_METADATA_FLAGS = 0x0C  # in VP8X: Exif 0x08, XMP 0x04
_ORIENTATION = 0x0112
# A few kilobytes may say that they are gigabytes of pixels, which would take down the browser of whoever looks.
MOST_PIXELS = 120_000_000
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})  # of the JPEG markers C0 to CF


@dataclass(frozen=True, slots=True)
class Image:
    """A clean photo: its bytes and media type."""

    content: bytes
    media_type: str


def clean(content: bytes) -> Image:
    """Return the photo without its metadata.

    Raises BadInput for anything that is not, by its bytes, a whole JPEG, PNG or WebP, or has too many pixels.
    """
    kind = media_type(content)
    try:
        made, pixels = _CLEANERS[kind](content), _PIXELS[kind](content)
    except (struct.error, IndexError, ValueError):
        raise BadInput("这张照片已损坏，请重新拍一张或换一张。") from None
    if pixels > MOST_PIXELS:
        raise BadInput("这张照片的尺寸太大，请缩小以后再发。")
    return Image(made, kind)


def media_type(content: bytes) -> str:
    """Return what a file is by its first bytes. Raises BadInput for anything but JPEG, PNG and WebP."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(_PNG):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise BadInput("只能发送 JPG、PNG 或 WebP 格式的照片。")


def is_photo(content: bytes) -> bool:
    """Say whether these are, by their first bytes, a JPEG, PNG or WebP."""
    try:
        media_type(content)
    except BadInput:
        return False
    return True


def _jpeg(content: bytes) -> bytes:
    made = bytearray(b"\xff\xd8")
    orientation = 1
    kept = bytearray()
    for marker, segment in _segments(content):
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[10:])
        # APP0 JFIF, APP2 colour profile and APP14 Adobe say how to draw; the other APPn and comments say who and where.
        elif (
            marker in {0xE0, 0xEE} or segment[4:15] == b"ICC_PROFILE" or not (0xE1 <= marker <= 0xEF or marker == 0xFE)
        ):
            kept += segment
    if orientation != 1:
        made += _orientation_segment(orientation)
    return bytes(made + kept + b"\xff\xd9")


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of every segment up to the end of the image, the scans' data with their headers."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker")
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:
            return
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        if end > len(content) or end < at + 4:
            raise ValueError("cut off")
        yield marker, content[at:end]
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker stands after a scan's data, in which FF00 and restarts FFD0–FFD7 are no markers."""
    while True:
        at = content.index(b"\xff", at)
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


def _orientation(tiff: bytes) -> int:
    """Return the orientation (1–8) that an Exif block names, 1 where it names none or makes no sense."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        at: int = struct.unpack_from(order + "I", tiff, 4)[0]
        for number in range(struct.unpack_from(order + "H", tiff, at)[0]):
            tag, _kind, _count, value = struct.unpack_from(order + "HHIH", tiff, at + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1


def _orientation_segment(orientation: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def _png(content: bytes) -> bytes:
    made, at = bytearray(_PNG), len(_PNG)
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise ValueError("cut off")
        if kind not in _PNG_METADATA:
            made += content[at:end]
        if kind == b"IEND":
            return bytes(made)
        at = end


def _webp(content: bytes) -> bytes:
    made, at = bytearray(), 12
    end_of_file = 8 + struct.unpack_from("<I", content, 4)[0]
    if end_of_file > len(content):
        raise ValueError("cut off")
    while at < end_of_file:
        kind, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        chunk = bytearray(content[at:end])
        if kind == b"VP8X":
            chunk[8] &= ~_WEBP_METADATA_FLAGS & 0xFF
        if kind not in _WEBP_METADATA:
            made += chunk
        at = end
    return b"RIFF" + struct.pack("<I", 4 + len(made)) + b"WEBP" + bytes(made)


def _jpeg_pixels(content: bytes) -> int:
    frames = (each for marker, each in _segments(content) if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES)
    return max((height * width for height, width in (struct.unpack_from(">HH", each, 5) for each in frames)), default=0)


def _png_pixels(content: bytes) -> int:
    width, height = struct.unpack_from(">II", content, len(_PNG) + 8)
    return int(width * height)


def _webp_pixels(content: bytes) -> int:
    """Return the size that the first chunk names: of an extended file its canvas, else of the picture."""
    kind = content[12:16]
    if kind == b"VP8X":
        return (int.from_bytes(content[24:27], "little") + 1) * (int.from_bytes(content[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", content, 21)[0]
        return int(((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1))
    width, height = struct.unpack_from("<HH", content, 26)
    return int((width & 0x3FFF) * (height & 0x3FFF))


_PIXELS = dict(zip(MEDIA_TYPES, (_jpeg_pixels, _png_pixels, _webp_pixels), strict=True))
_CLEANERS = dict(zip(MEDIA_TYPES, (_jpeg, _png, _webp), strict=True))
