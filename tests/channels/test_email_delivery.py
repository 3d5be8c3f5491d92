import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from channels import email
from channels.email import delivery, letters, threads
from channels.email.account import account
from channels.email.threads import Thread
from core import ledger, outbox
from core.errors import Unavailable
from core.outbox import Notice
from core.settings import settings

OWN, CITIZEN, TEXT = "12345@sample.example", "wangli@qq.com", "您的工单20261122-000001已办理。"
USER, PASSWORD = "line@sample.example", "pass word/1"


class Inbox:
    """What the server does with mail: `answers` to RCPT and DATA, the mails that it took."""

    def __init__(self) -> None:
        self.rcpt, self.data = "250 OK", "250 OK"
        self.mails: list[EmailMessage] = []
        self.encrypted: list[bool] = []
        self.raw: list[bytes] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
            self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
            self.encrypted.append(session.ssl is not None)
            assert (envelope.mail_from, envelope.rcpt_tos) == (OWN, [CITIZEN])
        return self.data


class OneLoop(Controller):
    """The server; its sessions use its own event loop, where aiosmtpd makes one for each and never closes it."""

    def factory(self) -> SMTP:
        return SMTP(self.handler, loop=self.loop, **self.SMTP_kwargs)


@contextmanager
def serving(inbox: Inbox, **options: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = OneLoop(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(url: str) -> None:
        for name, value in {"ADDRESS": OWN, "SECRET": "correct-horse-battery", "SMTP_URL": url}.items():
            monkeypatch.setenv(f"YITONG_EMAIL_{name}", value)
        settings.cache_clear()

    yield use
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def inbox(configure: Callable[[str], None]) -> Iterator[Inbox]:
    made = Inbox()
    with serving(made) as port:
        configure(f"smtp://127.0.0.1:{port}")
        yield made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=1))
    builder = builder.not_valid_after(datetime.now(UTC) + timedelta(days=1)).add_extension(names, critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    made = builder.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))


@pytest.fixture
async def conversation(session: AsyncSession) -> AsyncIterator[str]:
    peer = Thread(CITIZEN, "<first@qq.com>", "路灯").peer
    yield (await conversations.by_peer(session, channel="email", peer=peer)).id


async def say(session: AsyncSession, conversation: str, reply: Reply | None = None) -> Notice:
    replies = [reply or Reply(ReplyType.TEXT, TEXT)]
    await conversations.say(session, conversation, sender="agent", replies=replies)
    return (await session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1))).one()


async def recorded(session: AsyncSession, notice: Notice) -> list[object]:
    history = await ledger.history(session, f"conversation:{notice.recipient['conversation']}")
    return [event.data["reason"] for event in history if event.kind == "notice.undelivered"]


async def test_a_turn_is_answered_with_one_mail_in_its_thread(
    session: AsyncSession, inbox: Inbox, conversation: str
) -> None:
    asked = await conversations.receive(session, conversation, text="路灯坏了", key="email:1", data={})
    choice = Reply(
        ReplyType.CHOICE,
        "可以登记吗？",
        {"options": [{"value": "确认", "label": "确认"}, {"value": "修改", "label": "修改"}]},
    )
    ticket = Reply(
        ReplyType.TICKET, "工单号20261122-000001，查询码ABC234。", {"url": "https://line.example/track?number=1"}
    )
    replies = [Reply(ReplyType.TEXT, "记下了。"), choice, ticket]
    await conversations.store(session, conversation, sender="bot", replies=replies, answers=asked.id)
    await delivery.post_answer(session, conversation, key="email:1", answers="<second@qq.com>", first=True, not_kept=2)
    notice = (await session.scalars(select(Notice))).one()
    await email.deliver(session, notice)
    (mail,) = inbox.mails
    assert mail["Subject"] == "Re: 路灯"
    assert (mail["From"].addresses[0].addr_spec, mail["To"]) == (OWN, CITIZEN)
    assert (mail["In-Reply-To"], mail["References"]) == ("<second@qq.com>", "<first@qq.com> <second@qq.com>")
    assert mail["Message-ID"] == threads.message_id(conversation, notice.id, domain="sample.example")
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("您好，您的来信收到了。\n\n记下了。\n\n可以登记吗？\n1. 确认\n2. 修改\n")
    assert "查询码ABC234。\n查询网址：https://line.example/track?number=1\n" in text
    assert "有2个没有保存" in text
    assert text.endswith("示例市12345热线\n")


def test_what_to_do_in_danger_comes_first() -> None:
    instruction = Reply(ReplyType.EMERGENCY, "马上走到室外。", {"service": "gas", "number": "119"})
    assert letters.answer_text([instruction], "zh_CN", first=True).startswith("马上走到室外。\n")


async def test_an_agents_sentence_goes_out_in_the_thread(
    session: AsyncSession, inbox: Inbox, conversation: str
) -> None:
    await email.deliver(session, await say(session, conversation))
    (mail,) = inbox.mails
    assert TEXT in mail.get_content()
    assert (mail["In-Reply-To"], mail["Auto-Submitted"]) == ("<first@qq.com>", "auto-generated")


async def test_that_a_person_has_joined_is_no_mail(session: AsyncSession, inbox: Inbox, conversation: str) -> None:
    await email.deliver(session, await say(session, conversation, Reply(ReplyType.HANDOFF, "人工坐席已接入，请讲。")))
    assert inbox.mails == []


async def test_a_ticket_notice_is_first_said_in_the_conversation(
    session: AsyncSession, inbox: Inbox, conversation: str
) -> None:
    await outbox.post(
        session,
        channel="email",
        recipient={"conversation": conversation},
        kind="ticket.replied",
        content={"text": TEXT, "number": "20261122-000001"},
        idempotency_key="notice-1",
    )
    first = (await session.scalars(select(Notice))).one()
    await email.deliver(session, first)
    assert inbox.mails == []
    follows = (await session.scalars(select(Notice).where(Notice.id != first.id))).one()
    await email.deliver(session, follows)
    assert TEXT in inbox.mails[0].get_content()


@pytest.mark.parametrize("word", ["rcpt", "data"])
async def test_what_the_server_refuses_for_good_is_recorded(
    session: AsyncSession, inbox: Inbox, conversation: str, word: str
) -> None:
    setattr(inbox, word, "550 no such user")
    notice = await say(session, conversation)
    await email.deliver(session, notice)
    assert await recorded(session, notice) == ["550"]


@pytest.mark.parametrize("word", ["rcpt", "data"])
@pytest.mark.parametrize("answer", ["451 later", "530 sign in first"])
async def test_what_passes_is_tried_again(
    session: AsyncSession, inbox: Inbox, conversation: str, word: str, answer: str
) -> None:
    setattr(inbox, word, answer)
    notice = await say(session, conversation)
    with pytest.raises(Unavailable):
        await email.deliver(session, notice)
    assert await recorded(session, notice) == []


async def test_no_connection_is_tried_again(
    session: AsyncSession, configure: Callable[[str], None], conversation: str
) -> None:
    configure("smtp://127.0.0.1:1")
    with pytest.raises(Unavailable):
        await email.deliver(session, await say(session, conversation))


async def test_a_closed_door_leaves_the_notice_in_the_conversation(session: AsyncSession, conversation: str) -> None:
    notice = await say(session, conversation)
    await email.deliver(session, notice)
    assert await recorded(session, notice) == ["not_configured"]


def url(port: int, *, scheme: str = "smtp", password: str = "pass%20word%2F1") -> str:
    return f"{scheme}://line%40sample.example:{password}@127.0.0.1:{port}"


async def test_a_password_goes_out_after_starttls_to_a_certificate_that_is_trusted(
    session: AsyncSession,
    configure: Callable[[str], None],
    conversation: str,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox, notice = Inbox(), await say(session, conversation)
    options = {"tls_context": tls(certificate), "authenticator": sign_in, "auth_required": True}
    with serving(inbox, **options) as port:
        configure(url(port))
        with pytest.raises(Unavailable):  # nobody vouches for the certificate
            await email.deliver(session, notice)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        configure(url(port, password="wrong"))
        with pytest.raises(Unavailable):
            await email.deliver(session, notice)
        assert inbox.mails == []
        configure(url(port))
        await email.deliver(session, notice)
    assert inbox.encrypted == [True]
    assert await recorded(session, notice) == []


async def test_smtps_is_encrypted_from_the_first_word(
    session: AsyncSession,
    configure: Callable[[str], None],
    conversation: str,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    inbox = Inbox()
    options = {"ssl_context": tls(certificate), "authenticator": sign_in, "auth_require_tls": False}
    with serving(inbox, **options) as port:
        configure(url(port, scheme="smtps"))
        await email.deliver(session, await say(session, conversation))
    assert len(inbox.mails) == 1


async def test_a_password_never_goes_out_in_clear(
    session: AsyncSession, configure: Callable[[str], None], conversation: str
) -> None:
    inbox, seen = Inbox(), []

    def keep(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        seen.append(given)
        return AuthResult(success=True)

    with serving(inbox, authenticator=keep, auth_require_tls=False) as port:
        configure(url(port))
        with pytest.raises(Unavailable):
            await email.deliver(session, await say(session, conversation))
    assert seen == inbox.mails == []


async def test_without_a_password_starttls_is_used_where_it_is_offered(
    session: AsyncSession, configure: Callable[[str], None], conversation: str, certificate: Path
) -> None:
    inbox = Inbox()
    with serving(inbox, tls_context=tls(certificate)) as port:
        configure(f"smtp://127.0.0.1:{port}")
        await email.deliver(session, await say(session, conversation))
    assert inbox.encrypted == [True]


def test_nothing_of_a_citizen_gets_into_another_header(configure: Callable[[str], None]) -> None:
    configure("smtp://127.0.0.1:25")
    for thread in (Thread(CITIZEN, "", "x\r\nBcc: a@b.cn"), Thread("a@b.cn\nBcc: c@d.cn", "", "x")):
        with pytest.raises(ValueError):
            letters.letter(account(), thread, "x", locale="zh_CN", message_id="<1@b>", answers=None)


def test_long_ids_stand_in_the_headers_as_they_are(configure: Callable[[str], None]) -> None:
    configure("smtp://127.0.0.1:25")
    one, two = f"<{'a' * 120}@qq.com>", f"<{'b' * 120}@qq.com>"
    thread = Thread(CITIZEN, one, "人民路的路灯坏了" * 15)
    raw = letters.letter(account(), thread, "x", locale="en", message_id="<1@b>", answers=two).as_bytes()
    assert f"In-Reply-To: {two}\r\nReferences: {one}\r\n {two}\r\n".encode() in raw
    assert message_from_bytes(raw, policy=default)["Subject"] == f"Re: {thread.subject}"
    assert raw.isascii()
