"""What an operator can change. Every setting is an environment variable `YITONG_…`; `yitong settings` lists them."""

import os
import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import BadInput

SHORTEST_API_KEY = 16  # characters; such keys are given out once and never typed
AES_KEY_CHARACTERS = 43  # 32 bytes in base64 without the last sign, as WeChat's console makes them
SHORTEST_SECRET = 16  # characters of what guards the mailbox
ROOT = Path(__file__).resolve().parent.parent


def _default_data() -> Path:
    """Return the user's data folder; root's is the system's, since the database's own user must reach it."""
    return Path("/var/lib/yitong") if os.geteuid() == 0 else user_data_path("yitong", appauthor=False)


class Settings(BaseSettings):
    """One field, one setting; the description is what `docs/settings.md` prints."""

    model_config = SettingsConfigDict(env_prefix="YITONG_", env_file=None, extra="ignore")

    data: Path = Field(
        default_factory=_default_data,
        description="Folder for the embedded database, the secret key, attachments and trained models.",
    )
    database_url: SecretStr | None = Field(
        None, description="Your own PostgreSQL ≥ 15 with pgvector, as postgresql://…; empty: the embedded server."
    )
    database_pool: int = Field(10, ge=1, description="Connections each process keeps open to PostgreSQL.")
    city: Path = Field(ROOT / "cities" / "sample", description="Folder that describes the city (cities/README.md).")
    host: str = Field("127.0.0.1", description="Address that `serve` and `web` listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `serve` and `web` listen on.")
    web_processes: int = Field(
        0,
        ge=0,
        le=64,
        description="Web processes of `serve`; 0: one for each core, at most 4 and one for 2 GB of memory; 1: web and "
        "worker in one process.",
    )
    public_url: str = Field(
        "", description="Address under which the world reaches this line; signatures of the doors are checked on it."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of your reverse proxies, with commas between; their X-Forwarded-For and "
        "X-Forwarded-Proto are believed, nobody else's. Empty: none.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Key for sessions and personal fields, the same on every machine; empty: kept in the data folder.",
    )
    ledger_keys: SecretStr | None = Field(
        None,
        description="Ed25519 keys that sign the ledger's checkpoints, 32 bytes in base64 each, with commas between, "
        "the newest last; empty: kept in the data folder.",
    )
    jobs_kept_days: int = Field(7, ge=1, description="Days after which finished jobs are forgotten.")
    notices_kept_days: int = Field(90, ge=4, description="Days after which delivered notices are forgotten.")
    locale: Literal["zh_CN", "en"] = Field("zh_CN", description="Language of pages and replies by default.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What the log keeps.")
    log_format: Literal["console", "json"] = Field("console", description="How the log is written.")
    encoder: str = Field(
        "bge-small-zh-v1.5",
        description="Sentence encoder: a name from core/text/models.yaml, the folder of a tuned one, the folder or "
        "name of any sentence-transformers or transformers model (extra `models`), or `hashing` (no model, degraded).",
    )
    reranker: str = Field(
        "",
        description="Cross-encoder that orders the first articles found: the folder or name of any transformers model "
        "for sentence pairs (extra `models`). Empty: none.",
    )
    writer_url: str = Field(
        "",
        description="Model that words answers out of the cited passages: base address of an OpenAI-compatible "
        "interface, as https://host/v1. Empty: the passages themselves are the answers.",
    )
    writer_model: str = Field("", description="Model that words answers: its name at `writer_url`.")
    writer_key: SecretStr | None = Field(None, description="Model that words answers: key, where it wants one.")
    encoder_threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 8),
        ge=1,
        description="Batches of sentences that are encoded side by side.",
    )
    dialogue: Literal["builtin", "rasa"] = Field(
        "builtin", description="Dialogue engine: `builtin`, or `rasa` (docs/rasa.md)."
    )
    rasa_url: str = Field(
        "http://127.0.0.1:5005",
        description="Rasa server of this machine, on loopback: `./yitong rasa start` listens there.",
    )
    rasa_project: Path = Field(
        ROOT / "bot" / "rasa" / "project",
        description="Folder of the Rasa project: the shipped one, or your copy of it.",
    )
    staff_session_hours: int = Field(10, ge=1, description="Hours after which staff sign in again.")
    system_token_minutes: int = Field(
        30, ge=1, description="Minutes after which a department's own system gets itself a new token."
    )
    conversation_days: int = Field(30, ge=1, description="Days without use after which a citizen's conversation ends.")
    message_rate: str = Field(
        "60/minute",
        description="Messages one conversation may send; an address, which many may share, twenty times that.",
    )
    attachment_megabytes: int = Field(10, ge=1, description="Largest photo a citizen may send.")
    wechat_token: SecretStr | None = Field(None, description="WeChat official account: token. Empty: door closed.")
    wechat_app_id: str = Field("", description="WeChat official account: AppID.")
    wechat_app_secret: SecretStr | None = Field(None, description="WeChat official account: secret for sending.")
    wechat_encoding_aes_key: SecretStr | None = Field(
        None, description="WeChat official account: EncodingAESKey for safe mode; empty: plain mode."
    )
    wechat_api: str = Field("https://api.weixin.qq.com", description="WeChat's API.")
    twilio_account_sid: str = Field("", description="Twilio: account SID.")
    twilio_auth_token: SecretStr | None = Field(
        None, description="Twilio: auth token. Empty, or no public_url: telephone door closed."
    )
    twilio_agent_number: str = Field(
        "", description="Twilio: number that rings at the agents' seats; empty: the caller waits in a Twilio queue."
    )
    twilio_sms_number: str = Field(
        "", description="Twilio: number that text messages to callers come from; empty: none are sent."
    )
    twilio_api: str = Field("https://api.twilio.com", description="Twilio's API.")
    email_address: str = Field("", description="Mailbox: the line's own address, which answers come from.")
    email_secret: SecretStr | None = Field(
        None,
        description="Mailbox: secret of 16 characters or more by which your mail server hands mails over. The door is "
        "closed unless it, the address and the SMTP server are set.",
    )
    email_smtp_url: SecretStr | None = Field(
        None,
        description="Mailbox: SMTP server for answers, as smtp://user:password@host:587 (STARTTLS) or smtps://…; signs "
        "in user and password are percent-encoded.",
    )
    webhook_networks: str = Field(
        "",
        description="Networks of your own, with commas between, as 10.0.0.0/8, that webhooks may "
        "reach, also over http. Empty: public addresses over https only.",
    )
    open311_keys: SecretStr | None = Field(
        None,
        description="Open311: keys of the apps that may report, with commas between, each of 16 characters or more. "
        "Empty: door closed.",
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, given: SecretStr | None) -> SecretStr | None:
        if given and not given.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("begins with postgresql://")
        return given

    @field_validator("rasa_url")
    @classmethod
    def _is_loopback(cls, given: str) -> str:
        if not re.fullmatch(r"http://(127\.0\.0\.1|localhost):\d{1,5}", given):
            raise ValueError("is http://127.0.0.1:PORT: Rasa is only reached on its own machine")
        return given

    @field_validator("message_rate")
    @classmethod
    def _is_rate(cls, given: str) -> str:
        from limits import parse  # here, since it takes a tenth of a second that few commands need

        parse(given)
        return given

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _are_addresses(cls, given: str) -> str:
        for each in given.split(",") if given else ():
            ip_network(each.strip())
        return given

    @field_validator("open311_keys")
    @classmethod
    def _are_keys(cls, given: SecretStr | None) -> SecretStr | None:
        keys = given.get_secret_value().split(",") if given and given.get_secret_value() else []
        if any(len(key.strip()) < SHORTEST_API_KEY for key in keys):
            raise ValueError(f"each key has {SHORTEST_API_KEY} characters or more")
        return given if keys else None

    @field_validator("wechat_encoding_aes_key")
    @classmethod
    def _is_aes_key(cls, given: SecretStr | None) -> SecretStr | None:
        if given and len(given.get_secret_value()) != AES_KEY_CHARACTERS:
            raise ValueError(f"has {AES_KEY_CHARACTERS} characters")
        return given

    @field_validator("email_address")
    @classmethod
    def _is_address(cls, given: str) -> str:
        if given and not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", given):
            raise ValueError("is one address, as 12345@city.example")
        return given

    @field_validator("email_secret")
    @classmethod
    def _is_long_enough(cls, given: SecretStr | None) -> SecretStr | None:
        if given and len(given.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"has {SHORTEST_SECRET} characters or more")
        return given

    @field_validator("email_smtp_url")
    @classmethod
    def _is_smtp(cls, given: SecretStr | None) -> SecretStr | None:
        if not given or not given.get_secret_value():
            return given
        sound = False
        with suppress(ValueError):  # a port that is no number
            parts = urlsplit(given.get_secret_value())
            sound = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
            sound = sound and bool(parts.username) == bool(parts.password)
        if not sound:
            raise ValueError("is smtp://user:password@host:587 or smtps://…, user and password both or neither")
        return given


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once from the environment.

    Raises BadInput, naming the variable, where a value makes no sense.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"YITONG_{str(each['loc'][0]).upper()} ({each['msg']})" for each in error.errors(include_input=False)]
        raise BadInput(f"A setting makes no sense: {'; '.join(wrong)}. See ./yitong settings.") from None
