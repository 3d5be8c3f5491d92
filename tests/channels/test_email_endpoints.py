import base64
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import httpx
import pytest
from sqlalchemy import select

from bot import conversations
from bot.tables import Conversation
from channels import attachments, email
from channels.email import endpoints, threads
from core import database, outbox
from core.settings import settings
from tests.channels.doors import client_of, settings_of

SECRET, OWN, SENDER = "correct-horse-battery", "12345@sample.example", "wangli@qq.com"
LETTER = "朝霞区人民路88号阳光花园门口的路灯坏了三天，晚上看不见路。我叫王丽，电话13800138000。"
ANSWER = "1\n谢谢！\n\n在 2026-11-22，热线 <12345@sample.example> 写道：\n> 请核对"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The door open; nothing is sent, since no worker runs."""
    endpoints._limiter.storage.reset()
    with settings_of(monkeypatch, EMAIL_ADDRESS=OWN, EMAIL_SECRET=SECRET, EMAIL_SMTP_URL="smtp://127.0.0.1:1"):
        yield monkeypatch


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(email.router) as made:
        yield made


def mail(text: str = LETTER, *, id: str = "<1@qq.com>", sender: str = SENDER, answers: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, OWN, "路灯"
    if id:
        made["Message-ID"] = id
    if answers:
        made["In-Reply-To"] = made["References"] = answers
    made.set_content(text)
    return made


async def post(client: httpx.AsyncClient, message: EmailMessage | bytes) -> httpx.Response:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET}"}
    return await client.post("/channels/email", content=raw, headers=headers)


async def taken(client: httpx.AsyncClient, message: EmailMessage | bytes) -> None:
    response = await post(client, message)
    assert (response.status_code, response.json()) == (200, {"taken": True})


async def found() -> list[Conversation]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Conversation).order_by(Conversation.created_at)))


async def said(conversation: str, sender: str = "citizen") -> list[str]:
    async with database.transaction() as session:
        told = await conversations.messages(session, conversation)
    return [each.text for each in told if each.sender == sender]


async def posted() -> list[outbox.Notice]:
    async with database.transaction() as session:
        return list(await session.scalars(select(outbox.Notice).order_by(outbox.Notice.id)))


async def id_of_answer() -> str:
    """Return the Message-ID that the last answer goes out with."""
    notice = (await posted())[-1]
    return threads.message_id(notice.recipient["conversation"], notice.id, domain="sample.example")


async def test_a_mail_begins_a_conversation_and_one_mail_answers_it(client: httpx.AsyncClient) -> None:
    await taken(client, mail())
    (conversation,) = await found()
    assert await said(conversation.id) == [f"路灯\n{LETTER}"]
    (notice,) = await posted()
    assert (notice.channel, notice.kind, notice.content["first"]) == ("email", "answer", True)
    assert "qq.com" not in str(notice.content)


async def test_a_mail_that_is_handed_over_twice_counts_once(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await taken(client, mail())
        await taken(client, mail(id=""))  # known by its bytes
    assert [len(await said(each.id)) for each in await found()] == [1, 1]
    assert len(await posted()) == 2


async def test_sendgrid_posts_the_raw_message_in_a_form(client: httpx.AsyncClient) -> None:
    raw = b"From: wangli@qq.com\r\nSubject: x\r\nContent-Type: text/plain; charset=gbk\r\n\r\n" + LETTER.encode("gbk")
    form = b"--b\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n"
    body = form % (b'"envelope"', b"{}") + form % (b'"email"', raw) + b"--b--\r\n"
    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Authorization": f"Basic {base64.b64encode(f'sendgrid:{SECRET}'.encode()).decode()}",
    }
    response = await client.post("/channels/email", content=body, headers=headers)
    assert response.json() == {"taken": True}
    (conversation,) = await found()
    assert await said(conversation.id) == [f"x\n{LETTER}"]
    as_file = {"email": ("mail.eml", mail(id="<2@qq.com>").as_bytes())}
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert (await client.post("/channels/email", files=as_file, headers=bearer)).json() == {"taken": True}


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"x", "application/json"), (b"--b--\r\n", "multipart/form-data; boundary=b"), (b"x", "multipart/form-data")],
)
async def test_what_holds_no_mail_is_refused(client: httpx.AsyncClient, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind, "Authorization": f"Bearer {SECRET}"}
    assert (await client.post("/channels/email", content=body, headers=headers)).status_code == 422


@pytest.mark.parametrize(
    "given",
    ["", "Bearer wrong", "Basic !", f"Digest {SECRET}", f"Basic {base64.b64encode(f'{SECRET}:x'.encode()).decode()}"],
)
async def test_without_the_secret_nothing_is_taken(client: httpx.AsyncClient, given: str) -> None:
    headers = {"Content-Type": "message/rfc822", "Authorization": given}
    response = await client.post("/channels/email", content=mail().as_bytes(), headers=headers)
    assert response.status_code == 401
    assert await found() == []


@pytest.mark.parametrize("missing", ["ADDRESS", "SECRET", "SMTP_URL"])
async def test_without_its_settings_the_door_is_closed(
    client: httpx.AsyncClient, configured: pytest.MonkeyPatch, missing: str
) -> None:
    configured.delenv(f"YITONG_EMAIL_{missing}")
    settings.cache_clear()
    assert (await post(client, mail())).status_code == 404


async def test_a_mail_beyond_20_megabytes_is_refused(client: httpx.AsyncClient) -> None:
    assert (await post(client, mail().as_bytes() + b"x" * 21 * 1024 * 1024)).status_code == 413


async def test_an_automatic_answer_gets_none(client: httpx.AsyncClient) -> None:
    machine = mail()
    machine["Auto-Submitted"] = "auto-replied"
    response = await post(client, machine)
    assert (response.status_code, response.json()) == (200, {"taken": False, "reason": "automatic"})
    assert await found() == await posted() == []


async def test_two_machines_do_not_talk_for_ever(client: httpx.AsyncClient) -> None:
    for _ in range(50):
        await taken(client, mail())
    assert (await post(client, mail(sender="WangLi@qq.com"))).status_code == 429
    await taken(client, mail(sender="other@qq.com"))


async def test_a_reply_goes_on_in_its_conversation(client: httpx.AsyncClient) -> None:
    await taken(client, mail())
    ours = await id_of_answer()
    await taken(
        client,
        mail(ANSWER, id="<2@qq.com>", answers=ours),
    )
    (conversation,) = await found()
    assert (await said(conversation.id))[1:] == ["1"]
    assert any("工单号" in each for each in await said(conversation.id, "bot"))
    assert [notice.content["first"] for notice in await posted() if notice.kind == "answer"] == [True, False]


async def test_a_reply_from_another_address_begins_anew_and_knows_no_ticket(client: httpx.AsyncClient) -> None:
    await taken(client, mail())
    ours = await id_of_answer()
    await taken(client, mail("确认", id="<2@qq.com>", sender="stranger@qq.com", answers=ours))
    first, second = await found()
    assert len(await said(first.id)) == 1
    assert not any("工单号" in each for each in await said(second.id, "bot"))


async def test_a_reference_that_is_not_ours_opens_nothing(client: httpx.AsyncClient) -> None:
    await taken(client, mail())
    conversation, serial, proof = (await id_of_answer()).strip("<>").split("@")[0].split(".")
    forged = [f"{conversation}.{serial}.{'0' * 32}", f"{conversation}.{int(serial) + 1}.{proof}", conversation]
    for number, each in enumerate(forged):
        await taken(client, mail("进度怎么样了", id=f"<f{number}@qq.com>", answers=f"<{each}@sample.example>"))
    first, *others = await found()
    assert len(others) == len(forged)
    assert len(await said(first.id)) == 1


async def test_a_new_mail_of_the_same_address_knows_nothing_of_the_earlier_one(client: httpx.AsyncClient) -> None:
    await taken(client, mail())
    await taken(client, mail("确认", id="<2@qq.com>", answers=await id_of_answer()))
    await taken(client, mail("我的工单进度怎么样了", id="<3@qq.com>"))
    newest = (await found())[-1]
    assert len(await found()) == 2
    assert "查询码" in "".join(await said(newest.id, "bot"))


async def test_photos_are_kept_and_other_attachments_are_named(client: httpx.AsyncClient) -> None:
    letter = mail()
    letter.add_attachment(PNG, maintype="image", subtype="png", filename="路灯.png")
    letter.add_attachment(b"GIF89a", maintype="image", subtype="gif", filename="x.gif")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="合同.pdf")
    await taken(client, letter)
    await taken(client, letter)
    (conversation,) = await found()
    async with database.transaction() as session:
        told = (await conversations.messages(session, conversation.id))[0]
    (photo,) = told.data["media"]
    assert attachments.of_conversation(photo["id"], conversation.id).media_type == "image/png"
    (notice,) = await posted()
    assert notice.content["not_kept"] == 2


async def test_nothing_personal_lies_in_clear(client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]) -> None:
    from sqlalchemy import text

    await taken(client, mail(id="<wangli.home@qq.com>"))
    async with database.transaction() as session:
        for table in ("conversations", "messages", "outbox", "procrastinate_jobs", "events"):
            rows = await session.scalars(text(f"select {table}::text from {table}"))
            assert not any("wangli" in row or "人民路" in row for row in rows), table
    written = "".join(capfd.readouterr())
    assert "wangli" not in written
    assert "人民路" not in written
