import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from fastapi import FastAPI
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from bot import conversations, handover
from bot.conversations import Message
from channels import voice
from channels.voice.speech import spelled
from core import auth, database, problems
from core.auth import Role, Staff
from core.settings import settings

TOKEN, PUBLIC = "twilio-auth-token", "https://line.example/city"
CALLER, CALL = "+8613800138000", "CA0123456789abcdef0123456789abcdef"
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "webhook_vectors.json"

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The door open; callers who want a person wait in a queue."""
    monkeypatch.setenv("YITONG_TWILIO_ACCOUNT_SID", "AC0")
    monkeypatch.setenv("YITONG_TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("YITONG_PUBLIC_URL", PUBLIC)
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
async def on_duty(configured: pytest.MonkeyPatch) -> None:
    """An agent who is signed in at the desk."""
    async with database.transaction() as session:
        kept = auth.hash_password("long enough")
        await auth.create_staff(session, login="agent", name="小王", password_hash=kept, role=Role.AGENT)
        await auth.sign_in(session, login="agent", password="long enough")


def line() -> httpx.AsyncClient:
    """A process of the line: nothing of an earlier one is in it."""
    app = FastAPI()
    problems.install(app)
    app.include_router(voice.router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside")


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


@pytest.mark.parametrize("missing", ["YITONG_TWILIO_AUTH_TOKEN", "YITONG_PUBLIC_URL"])
async def test_without_credentials_the_door_is_closed(
    client: httpx.AsyncClient, configured: pytest.MonkeyPatch, missing: str
) -> None:
    configured.delenv(missing)
    settings.cache_clear()
    for path in ("voice", "voice/gather?turn=1", "voice/wait", "voice/queue?turn=1", "voice/status", "sms"):
        response = await post(client, f"/channels/twilio/{path}")
        assert response.status_code == 404
        assert response.json()["detail"] == "电话入口没有开通。"


@pytest.mark.usefixtures("configured")
async def test_a_foreign_signature_is_refused(client: httpx.AsyncClient) -> None:
    for path in ("voice", "voice/gather?turn=1", "voice/wait", "voice/dialled?turn=1", "voice/status", "sms"):
        assert (await post(client, f"/channels/twilio/{path}", token="other", SpeechResult="x")).status_code == 403
        assert (await client.post(f"/channels/twilio/{path}", data={"CallSid": CALL})).status_code == 403
    assert await thread() == []


@pytest.mark.usefixtures("configured")
async def test_the_signature_covers_address_query_and_form(client: httpx.AsyncClient) -> None:
    form = {"CallSid": CALL, "From": CALLER, "SpeechResult": "路灯坏了"}
    path = "/channels/twilio/voice/gather?turn=1&silences=0"
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)}
    changed_form = await client.post(path, data=form | {"SpeechResult": "别的"}, headers=headers)
    changed_query = await client.post(path.replace("turn=1", "turn=2"), data=form, headers=headers)
    inside = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature("http://inside" + path, form)}
    wrong_address = await client.post(path, data=form, headers=inside)
    assert [each.status_code for each in (changed_form, changed_query, wrong_address)] == [403] * 3
    assert (await client.post(path, data=form, headers=headers)).status_code == 200


async def test_the_published_signature(client: httpx.AsyncClient, configured: pytest.MonkeyPatch) -> None:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not here")
    from starlette.requests import Request

    from channels.voice.account import signed_form

    vector = json.loads(VECTORS.read_text())["twilio_request_signature"]
    split = urlsplit(vector["url"])
    configured.setenv("YITONG_TWILIO_AUTH_TOKEN", vector["auth_token"])
    configured.setenv("YITONG_PUBLIC_URL", f"{split.scheme}://{split.netloc}")
    settings.cache_clear()
    body = str(httpx.QueryParams(vector["params"])).encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": split.path,
        "query_string": split.query.encode(),
        "headers": [(b"x-twilio-signature", vector["x_twilio_signature"].encode())],
    }
    assert (await signed_form(Request(scope, receive)))["Digits"] == "1234"


@pytest.mark.usefixtures("configured")
async def test_the_line_speaks_first_and_listens_at_once(client: httpx.AsyncClient) -> None:
    call = Call(client)
    assert "示例市幺二三四五" in await call.ring()
    assert [child.tag for child in call.answer] == ["Gather"]  # the greeting is inside: the caller may barge in
    gather = call.gather.attrib
    assert gather["input"] == "speech dtmf"
    assert gather["language"] == "zh-CN"
    assert gather["speechTimeout"] == "auto"
    assert gather["actionOnEmptyResult"] == "true"
    assert gather["method"] == "POST"
    assert gather["action"].startswith(PUBLIC + "/channels/twilio/voice/gather?")
    assert all(say.attrib["language"] == "zh-CN" for say in call.answer.iter("Say"))


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


@pytest.mark.usefixtures("configured")
async def test_a_whole_call_ends_with_a_ticket_number_read_aloud(client: httpx.AsyncClient) -> None:
    heard = await report_a_lamp(Call(client))
    ticket = next(message for message in await thread() if message.reply_type == "ticket")
    assert heard.count(spelled(ticket.data["number"])) == 2  # to be written down
    assert heard.count(spelled(ticket.data["code"])) == 2
    assert ticket.data["number"] not in heard


@pytest.mark.usefixtures("configured")
async def test_the_next_caller_from_a_number_learns_nothing_of_the_one_before(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await report_a_lamp(call)
    ticket = next(message for message in await thread() if message.reply_type == "ticket")
    assert spelled(ticket.data["number"]) in await call.say("我的工单办到哪一步了")

    other = Call(client, call="CA2")
    await other.ring()
    heard = await other.say("我的工单办到哪一步了")
    assert spelled(ticket.data["number"]) not in heard
    assert spelled(ticket.data["number"]) in await other.say(f"{ticket.data['number']}，查询码{ticket.data['code']}")


@pytest.mark.usefixtures("configured")
async def test_the_next_caller_from_a_number_does_not_go_on_in_an_open_form(client: httpx.AsyncClient) -> None:
    first, second = Call(client), Call(client, call="CA2")
    fresh = Call(client, call="CA3", caller="+8613900139000")
    for call in (first, second, fresh):
        await call.ring()
    await first.say("我要报修路灯坏了")
    assert await second.say("人民路18号") == await fresh.say("人民路18号")


@pytest.mark.usefixtures("configured")
async def test_the_call_goes_on_when_the_process_was_restarted(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("我要报修路灯坏了")
    await database.dispose()
    async with line() as another:
        call.client = another
        await call.say("城东区人民路18号门口")
    said = [message.text for message in await thread() if message.sender == "citizen"]
    assert said == ["我要报修路灯坏了", "城东区人民路18号门口"]


@pytest.mark.usefixtures("configured")
async def test_a_webhook_that_comes_twice_is_answered_alike_and_counts_once(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    action = call.gather.attrib["action"]
    form = {"SpeechResult": "我要报修路灯坏了"}
    first, again = (await post(client, action, **form), await post(client, action, **form))
    assert first.content == again.content
    assert [message.sender for message in await thread()].count("citizen") == 1


@pytest.mark.usefixtures("configured")
async def test_each_turn_of_a_call_is_a_turn_of_its_own_also_with_the_same_words(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("你好")
    await call.say("你好")
    assert [message.sender for message in await thread()].count("citizen") == 2


@pytest.mark.usefixtures("configured")
async def test_silence_is_asked_again_then_a_person_is_offered_then_the_line_hangs_up(
    client: httpx.AsyncClient,
) -> None:
    call = Call(client)
    await call.ring()
    assert "再说一遍" in await call.keep_silent()
    assert "转人工" not in call.heard
    assert "转人工" in await call.keep_silent()
    await call.keep_silent()
    await call.keep_silent()
    assert call.answer.find("Hangup") is not None
    assert await thread() == []


@pytest.mark.usefixtures("on_duty")
@pytest.mark.parametrize("how", ["说", "按"])
async def test_who_wants_a_person_waits_in_the_queue(client: httpx.AsyncClient, how: str) -> None:
    call = Call(client)
    await call.ring()
    await (call.say("转人工") if how == "说" else call.press("0"))
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    assert enqueue.text == "yitong"
    assert await queue() == [("voice", "asked")]
    waiting = await twiml(client, enqueue.attrib["waitUrl"], QueuePosition="3")
    assert "前面还有2位" in "".join(say.text or "" for say in waiting.iter("Say"))
    first = await twiml(client, enqueue.attrib["waitUrl"], QueuePosition="1")
    assert "马上" in "".join(say.text or "" for say in first.iter("Say"))


@pytest.mark.usefixtures("configured")
async def test_nobody_is_sent_into_a_queue_that_nobody_answers(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    assert "没有值班" in await call.say("转人工")
    assert [child.tag for child in call.answer] == ["Gather"]
    await post(client, "/channels/twilio/voice/status", CallStatus="completed")
    assert await queue() == [("voice", "missed_call")]


@pytest.mark.usefixtures("on_duty")
async def test_while_an_agent_has_the_conversation_the_caller_is_connected(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    async with database.transaction() as session:
        agent = (await session.scalars(select(Staff))).one().actor()
        conversation = await conversations.by_peer(session, channel="voice", peer="13800138000")
        await handover.take(session, conversation.id, actor=agent)
    again = Call(client, call="CA2")
    await again.ring()
    assert "转接" in await again.say("我刚才打过电话")
    assert again.answer.find("Enqueue") is not None


@pytest.mark.usefixtures("on_duty")
async def test_an_emergency_is_told_what_to_do_and_transferred_at_once(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    heard = await call.say("我家着火了快来人啊")
    assert "幺幺九" in heard
    assert [child.tag for child in call.answer][-1] == "Enqueue"
    assert "119" not in [number.text for number in call.answer.iter("Number")]  # never dialled for the citizen
    assert await queue() == [("voice", "emergency")]


async def test_a_seats_number_is_rung_when_it_is_set(client: httpx.AsyncClient, configured: pytest.MonkeyPatch) -> None:
    configured.setenv("YITONG_TWILIO_AGENT_NUMBER", "+861012345678")
    settings.cache_clear()
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    dial = call.answer.find("Dial")
    assert dial is not None
    assert [number.text for number in dial.iter("Number")] == ["+861012345678"]
    unanswered = await twiml(client, dial.attrib["action"], DialCallStatus="no-answer")
    assert unanswered.find("Gather") is not None
    assert await queue() == [("voice", "missed_call")]
    answered = await twiml(client, dial.attrib["action"], DialCallStatus="completed")
    assert answered.find("Hangup") is not None
    assert await queue() == []


@pytest.mark.usefixtures("on_duty")
async def test_who_was_answered_out_of_the_queue_waits_no_more(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    assert (await twiml(client, enqueue.attrib["action"], QueueResult="bridged")).find("Hangup") is not None
    assert await queue() == []


@pytest.mark.usefixtures("on_duty")
@pytest.mark.parametrize("where", ["queue", "status"])
async def test_who_hangs_up_while_waiting_is_to_be_called_back(client: httpx.AsyncClient, where: str) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    if where == "queue":
        await twiml(client, enqueue.attrib["action"], QueueResult="hangup")
    else:
        assert (await post(client, "/channels/twilio/voice/status", CallStatus="completed")).status_code == 204
    assert await queue() == [("voice", "missed_call")]


@pytest.mark.usefixtures("configured")
async def test_a_call_that_ends_without_a_wish_for_a_person_asks_for_no_callback(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("我要报修路灯坏了")
    assert (await post(client, "/channels/twilio/voice/status", CallStatus="completed")).status_code == 204
    assert await queue() == []
    assert (await thread())[0].text == "我要报修路灯坏了"


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("hidden", ["anonymous", "+266696687", "+86282452253", "Restricted", ""])
async def test_callers_who_hide_their_number_share_no_conversation(client: httpx.AsyncClient, hidden: str) -> None:
    for call in ("CA1", "CA2"):
        caller = Call(client, call=call, caller=hidden)
        await caller.ring()
        await caller.say(f"我要报修路灯坏了，这是{call}")
    for call in ("CA1", "CA2"):
        said = [message.text for message in await thread(call) if message.sender == "citizen"]
        assert said == [f"我要报修路灯坏了，这是{call}"]


@pytest.mark.usefixtures("configured")
async def test_a_choice_takes_one_key(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    assert "numDigits" not in call.gather.attrib  # a telephone number may be keyed in
    await report_a_lamp(call)
    choices = [message for message in await thread() if message.reply_type == "choice"]
    assert choices
    pressed = [message.text for message in await thread() if message.sender == "citizen" and message.text == "1"]
    assert pressed == ["1"]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("turn", ["0", "-1", "x", "99999999"])
async def test_a_turn_that_is_no_number_is_refused(client: httpx.AsyncClient, turn: str) -> None:
    response = await post(client, f"/channels/twilio/voice/gather?turn={turn}", SpeechResult="x")
    assert response.status_code == 422


@pytest.mark.usefixtures("configured")
async def test_a_text_message_is_answered_in_the_callers_conversation(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("你好")
    first = await twiml(client, "/channels/twilio/sms", MessageSid="SM1", Body="我要报修路灯坏了")
    again = await twiml(client, "/channels/twilio/sms", MessageSid="SM1", Body="我要报修路灯坏了")
    texts = [message.text for message in first.iter("Message")]
    assert texts
    assert texts == [message.text for message in again.iter("Message")]
    said = [message.text for message in await thread() if message.sender == "citizen"]
    assert said == ["你好", "我要报修路灯坏了"]
