"""The official account that the settings name. Without its token the door is closed."""

from dataclasses import dataclass

from channels.wechat.cipher import Cipher
from core.errors import NotFound, Unavailable
from core.settings import settings


@dataclass(frozen=True, slots=True)
class Account:
    """`cipher` is None in plain mode; `secret` is None when the account cannot send by itself."""

    token: str
    app_id: str
    secret: str | None
    cipher: Cipher | None


def account() -> Account:
    """Return the account. Raises NotFound when the door is closed, Unavailable when its settings do not fit."""
    given = settings()
    token = given.wechat_token.get_secret_value() if given.wechat_token else ""
    if not token:
        raise NotFound("微信入口没有开通。")
    key = given.wechat_encoding_aes_key.get_secret_value() if given.wechat_encoding_aes_key else ""
    if key and not given.wechat_app_id:
        raise Unavailable("微信入口缺少 AppID，请设置 YITONG_WECHAT_APP_ID。")
    secret = given.wechat_app_secret.get_secret_value() if given.wechat_app_secret else ""
    return Account(
        token=token,
        app_id=given.wechat_app_id,
        secret=secret if secret and given.wechat_app_id else None,
        cipher=Cipher(key, given.wechat_app_id) if key else None,
    )
