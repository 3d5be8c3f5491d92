import pytest

from core.credentials import hash_password, token_digest, verify_password
from core.errors import BadInput


def test_a_password_is_known_again_by_what_is_kept_and_never_kept_twice_alike() -> None:
    kept = hash_password("a long password")
    assert "a long password" not in kept != hash_password("a long password")
    assert verify_password("a long password", kept) == (True, None)
    assert not verify_password("another password", kept)[0]
    assert not verify_password("a long password", None)[0]  # there is no such account


def test_a_short_password_is_refused_with_the_length_that_is_wanted() -> None:
    with pytest.raises(BadInput, match="10"):
        hash_password("short")


def test_a_token_is_kept_as_its_digest() -> None:
    assert token_digest("token") == token_digest("token") != token_digest("tokem")
