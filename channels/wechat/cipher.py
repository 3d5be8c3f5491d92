"""Signatures and encryption of WeChat messages (消息加解密: AES-256-CBC, PKCS#7 to 32 bytes, SHA-1 signatures)."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from core import clock
from core.errors import Forbidden, Unavailable

BLOCK_BYTES = 32  # of the padding; AES itself has 16
RANDOM_BYTES = 16
LENGTH_BYTES = 4
LASTS_SECONDS = 300  # a signature is good this long


def signature(*parts: str) -> str:
    """Return WeChat's signature of the parts: SHA-1 of them sorted and joined, in hexadecimal."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def check(given: str, *parts: str) -> None:
    """Raise Forbidden unless `given` is the signature of the parts; takes the same time whatever is wrong."""
    if not hmac.compare_digest(given.encode(), signature(*parts).encode()):
        raise Forbidden("签名不对，请求不是来自微信。")


def check_time(timestamp: str) -> None:
    """Raise Forbidden for a signed timestamp (Unix seconds) that is not of the last 5 minutes.

    WeChat asks again within 15 seconds; whoever has got hold of a request cannot use it for longer.
    """
    sent = int(timestamp) if timestamp.isascii() and timestamp.isdigit() else 0
    if abs(clock.now().timestamp() - sent) > LASTS_SECONDS:
        raise Forbidden("请求的时间不对：已经过期，或本机时钟不准。")


class Cipher:
    """Encryption with the account's EncodingAESKey, bound to its AppID."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        """Take the 43 characters of the EncodingAESKey. Raises Unavailable when they are no key."""
        try:
            self._key = base64.b64decode(encoding_aes_key + "=")
        except ValueError:
            self._key = b""
        if len(self._key) != BLOCK_BYTES:
            raise Unavailable("微信入口的 EncodingAESKey 应为 43 个字符，请检查 YITONG_WECHAT_ENCODING_AES_KEY。")
        self._app_id = app_id.encode()

    def _aes(self) -> AesCipher[modes.CBC]:
        return AesCipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def encrypt(self, text: str) -> str:
        """Return the text encrypted, in base64."""
        content = text.encode()
        whole = secrets.token_bytes(RANDOM_BYTES) + len(content).to_bytes(LENGTH_BYTES, "big") + content + self._app_id
        padder, encryptor = PKCS7(BLOCK_BYTES * 8).padder(), self._aes().encryptor()
        padded = padder.update(whole) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return what `encrypt` was given. Raises Forbidden when it is broken or meant for another account.

        Check the signature first: this says nothing of who sent it.
        """
        try:
            decryptor, unpadder = self._aes().decryptor(), PKCS7(BLOCK_BYTES * 8).unpadder()
            padded = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
            whole = unpadder.update(padded) + unpadder.finalize()
            start = RANDOM_BYTES + LENGTH_BYTES
            end = start + int.from_bytes(whole[RANDOM_BYTES:start], "big")
            content, app_id = whole[start:end].decode(), whole[end:]
        except ValueError:
            raise Forbidden("消息无法解密。") from None
        if not hmac.compare_digest(app_id, self._app_id):
            raise Forbidden("消息无法解密。")
        return content
