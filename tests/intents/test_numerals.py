from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.numerals import number


@pytest.mark.parametrize(
    ("said", "value"),
    [("十二", "12"), ("两万", "20000"), ("三千五", "3500"), ("1.5万", "15000"), ("半", "0.5"), ("一百零五", "105")],
)
def test_numerals(said: str, value: str) -> None:
    assert number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["", "万万亿", "abc", "百", "1.2.3"])
def test_what_is_no_numeral_has_no_number(said: str) -> None:
    assert number(said) is None or isinstance(number(said), Decimal)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("3万5", "35000"),
        ("8千8", "8800"),
        ("1千5百", "1500"),
        ("四五十", "40"),
        ("十七八", "17"),
        ("三十多", "30"),
        ("几十", "20"),
        ("上百", "100"),
        ("三点五万", "35000"),
        ("二十三万六千", "236000"),
        ("二零二六", "2026"),
        ("五万零二百", "50200"),
        ("1,200.50", "1200.5"),
    ],
)
def test_what_people_say(said: str, value: str) -> None:
    assert number(said) == Decimal(value)


@given(st.integers(min_value=1, max_value=10**11))
def test_a_number_written_in_chinese_is_read_back(value: int) -> None:
    assert number(cn2an.an2cn(value)) == value


@given(st.integers(min_value=1, max_value=9999), st.sampled_from(["千", "万", "亿"]), st.integers(1, 9))
def test_digits_and_units_mix(count: int, unit: str, more: int) -> None:
    scale = {"千": 1000, "万": 10_000, "亿": 100_000_000}[unit]
    assert number(f"{count}{unit}") == count * scale
    assert number(f"{count}{unit}{more}") == count * scale + more * scale // 10


@given(st.text("0123456789.,零〇一二两三四五六七八九十百千万亿半几多来点上数", max_size=12))
def test_nothing_is_too_odd_to_read(said: str) -> None:
    assert number(said) is None or isinstance(number(said), Decimal)
