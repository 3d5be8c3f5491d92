import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from channels.wechat import messages
from channels.wechat.cipher import Cipher, check, signature
from core.errors import Forbidden, Unavailable

TOKEN = "yitong-token"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx1234567890abcdef"
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "webhook_vectors.json"


@pytest.fixture(scope="module")
def oracle() -> Any:
    """wechatpy's own encryption (last released 2021, so its imports warn)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wechatpy.crypto import WeChatCrypto
    return WeChatCrypto(TOKEN, KEY, APP_ID)


@pytest.fixture(scope="module")
def vectors() -> Any:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not here")
    return json.loads(VECTORS.read_text())


def test_what_is_encrypted_is_decrypted() -> None:
    text = "<xml>路灯坏了🙂</xml>"
    assert Cipher(KEY, APP_ID).decrypt(Cipher(KEY, APP_ID).encrypt(text)) == text


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 33, 2048])
def test_any_length_is_padded(length: int) -> None:
    text = "x" * length
    assert Cipher(KEY, APP_ID).decrypt(Cipher(KEY, APP_ID).encrypt(text)) == text


def test_the_same_text_is_never_encrypted_alike() -> None:
    assert Cipher(KEY, APP_ID).encrypt("同样") != Cipher(KEY, APP_ID).encrypt("同样")


def test_another_account_is_refused() -> None:
    with pytest.raises(Forbidden):
        Cipher(KEY, APP_ID).decrypt(Cipher(KEY, "wx0000000000000000").encrypt("x"))


@pytest.mark.parametrize("broken", ["", "not base64!", "YWJj", "A" * 64, "é"])
def test_a_broken_message_is_refused(broken: str) -> None:
    with pytest.raises(Forbidden):
        Cipher(KEY, APP_ID).decrypt(broken)


@pytest.mark.parametrize("key", ["", "short", KEY + "AAAA", "!" * 43])
def test_a_wrong_key_is_named(key: str) -> None:
    with pytest.raises(Unavailable, match="EncodingAESKey"):
        Cipher(key, APP_ID)


def test_a_signature_that_does_not_fit_is_refused() -> None:
    check(signature(TOKEN, "1", "2"), TOKEN, "1", "2")
    for wrong in ("", "0" * 40, "签名", signature(TOKEN, "1", "3")):
        with pytest.raises(Forbidden):
            check(wrong, TOKEN, "1", "2")


def test_wechatpy_reads_what_we_write(oracle: Any) -> None:
    from core import clock

    envelope = messages.envelope("<xml>好</xml>", cipher=Cipher(KEY, APP_ID), token=TOKEN, nonce="42", at=clock.now())
    root = messages.parse(envelope)
    parts = {name: root.findtext(name) or "" for name in ("MsgSignature", "TimeStamp", "Nonce")}
    assert parts["Nonce"] == "42"
    read = oracle.decrypt_message(envelope, parts["MsgSignature"], parts["TimeStamp"], parts["Nonce"])
    assert read == "<xml>好</xml>" or read == "<xml>好</xml>".encode()


def test_we_read_what_wechatpy_writes(oracle: Any) -> None:
    root = messages.parse(oracle.encrypt_message("<xml>路灯</xml>", "7", "1411525903"))
    encrypted = root.findtext("Encrypt") or ""
    check(root.findtext("MsgSignature") or "", TOKEN, "1411525903", "7", encrypted)
    assert Cipher(KEY, APP_ID).decrypt(encrypted) == "<xml>路灯</xml>"


def test_the_published_echo(vectors: Any) -> None:
    given = vectors["wecom_encrypted_echo"]
    parts = (given["token"], given["timestamp"], given["nonce"], given["echostr"])
    check(given["msg_signature"], *parts)
    assert Cipher(given["encoding_aes_key"], given["receive_id"]).decrypt(given["echostr"])
    with pytest.raises(Forbidden):
        check(given["msg_signature"], given["token"], given["timestamp"], given["bad_nonce"], given["echostr"])


def test_the_published_message(vectors: Any) -> None:
    given = vectors["wecom_encrypted_message"]
    check(given["msg_signature"], given["token"], given["timestamp"], given["nonce"], given["encrypt"])
    xml = Cipher(given["encoding_aes_key"], given["receive_id"]).decrypt(given["encrypt"])
    read = messages.read(messages.parse(xml))
    assert (read.text, read.openid) == (given["expect"]["Content"], given["expect"]["FromUserName"])
