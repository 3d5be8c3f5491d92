"""The telephone's door alone, as the roof assembles it, and a citizen who calls."""

from collections.abc import AsyncIterator, Iterator
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from twilio.request_validator import RequestValidator

from bot import conversations, handover
from bot.conversations import Message
from channels import voice
from core import auth, credentials, database
from core.auth import Role
from tests.channels.doors import client_of, settings_of

TOKEN, PUBLIC = "twilio-auth-token", "https://line.example/city"
CALLER, CALL = "+8613800138000", "CA0123456789abcdef0123456789abcdef"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The door open; callers who want a person wait in a queue."""
    values = {"TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": PUBLIC}
    with settings_of(monkeypatch, **values):
        yield monkeypatch


@pytest.fixture
async def on_duty(configured: pytest.MonkeyPatch) -> None:
    """An agent who is signed in at the desk."""
    async with database.transaction() as session:
        kept = credentials.hash_password("long enough")
        await auth.create_staff(session, login="agent", name="小王", password_hash=kept, role=Role.AGENT)
        await auth.sign_in(session, login="agent", password="long enough")


def line() -> httpx.AsyncClient:
    """A process of the line: nothing of an earlier one is in it."""
    return client_of(voice.router)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with line() as made:
        yield made


async def post(client: httpx.AsyncClient, address: str, *, token: str = TOKEN, **form: str) -> httpx.Response:
    """Ask as Twilio does: the form signed with the public address; `address` is a public one, or a path below it."""
    public = address if address.startswith("http") else PUBLIC + address
    form = {"CallSid": CALL, "From": CALLER, "To": "+8612345", "CallStatus": "in-progress", "Empty": ""} | form
    headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(public, form)}
    return await client.post(public.removeprefix(PUBLIC), data=form, headers=headers)


async def twiml(client: httpx.AsyncClient, address: str, **form: str) -> Element:
    response = await post(client, address, **form)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/xml")
    root: Element = fromstring(response.content)
    assert root.tag == "Response"
    return root


class Call:
    """A citizen on the telephone."""

    def __init__(self, client: httpx.AsyncClient, *, call: str = CALL, caller: str = CALLER) -> None:
        self.client, self.form = client, {"CallSid": call, "From": caller}
        self.answer = Element("none")

    async def ring(self) -> str:
        self.answer = await twiml(self.client, "/channels/twilio/voice", **self.form)
        return self.heard

    async def say(self, text: str) -> str:
        return await self._go_on(SpeechResult=text, Confidence="0.9")

    async def press(self, keys: str) -> str:
        return await self._go_on(Digits=keys)

    async def keep_silent(self) -> str:
        return await self._go_on()

    async def _go_on(self, **form: str) -> str:
        self.answer = await twiml(self.client, self.gather.attrib["action"], **self.form, **form)
        return self.heard

    @property
    def gather(self) -> Element:
        found = self.answer.find("Gather")
        assert found is not None
        return found

    @property
    def heard(self) -> str:
        return "\n".join(say.text or "" for say in self.answer.iter("Say"))


async def thread(peer: str = "13800138000") -> list[Message]:
    async with database.transaction() as session:
        conversation = await conversations.by_peer(session, channel="voice", peer=peer)
        return await conversations.messages(session, conversation.id)


async def queue() -> list[tuple[str, str]]:
    async with database.transaction() as session:
        return [(entry.channel, entry.reason) for entry in await handover.waiting(session)]


async def report_a_lamp(call: Call) -> str:
    """Report a street lamp, answer whatever is asked, and return what was heard with the ticket."""
    await call.ring()
    heard = await call.say("我要报修城东区人民路的路灯坏了三天了晚上特别黑")
    for _ in range(8):
        if "工单号" in heard:
            return heard
        if "确认" in heard and "请按1" in heard:
            heard = await call.press("1")
        elif "哪" in heard:
            heard = await call.say("城东区人民路18号门口")
        elif "称呼" in heard or "姓" in heard or "电话" in heard:
            heard = await call.say("我姓王")
        else:
            heard = await call.say("不用了")
    raise AssertionError(heard)
