import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import privacy
from core.errors import Unavailable


@given(st.text())
def test_what_is_sealed_can_be_unsealed_and_never_looks_the_same(text: str) -> None:
    sealed = privacy.seal(text)
    assert privacy.unseal(sealed) == text
    assert privacy.seal(text) != sealed


def test_a_changed_secret_is_refused_in_a_sentence() -> None:
    sealed = bytearray(privacy.seal("13800138000"))
    sealed[-1] ^= 1
    with pytest.raises(Unavailable, match="密钥"):
        privacy.unseal(bytes(sealed))


def test_equal_texts_have_equal_blind_indexes() -> None:
    assert privacy.blind_index("13800138000") == privacy.blind_index("13800138000")
    assert privacy.blind_index("13800138000") != privacy.blind_index("13800138001")


def test_the_key_is_readable_by_its_owner_only(data_folder) -> None:  # type: ignore[no-untyped-def]
    privacy.seal("x")
    assert (data_folder / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的电话13800138000", "我的电话138****8000"),
        ("打 138 0013 8000 找我", "打 138****8000 找我"),
        ("+8613800138000", "138****8000"),
        ("座机010-88881234", "座机010****1234"),
        ("身份证110101199003071234", "身份证110101********1234"),
        ("卡号6222020200112233445", "卡号6222 **** **** 3445"),
        ("工单20261122-000123", "工单20261122-000123"),
        ("交了12345678元", "交了12345678元"),
    ],
)
def test_numbers_of_persons_are_masked(text: str, masked: str) -> None:
    assert privacy.mask_text(text) == masked


def test_names_are_masked() -> None:
    assert privacy.mask_name("王小明") == "王**"
    assert privacy.mask_name("") == ""
