import zlib

import pytest

from intents import lexical


@pytest.mark.parametrize("text", ["", "a", "路灯", "人民路abc的路灯坏了é😀123"])
def test_a_gram_s_slot_is_its_checksum(text: str) -> None:
    lengths, slots = (1, 2, 4), 1 << 20
    found = lexical.grams(text, lengths=lengths, slots=slots)
    assert found == {
        length: [zlib.crc32(text[at : at + length].encode()) % slots for at in range(len(text) - length + 1)]
        for length in lengths
    }
