import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from twilio.request_validator import RequestValidator

from channels.voice.speech import spelled
from core import database
from core.settings import settings
from tests.channels.voice_door import (
    CALL,
    CALLER,
    PUBLIC,
    TOKEN,
    Call,
    client,
    configured,
    line,
    post,
    report_a_lamp,
    thread,
    twiml,
)

__all__ = ["client", "configured"]

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "webhook_vectors.json"

pytestmark = pytest.mark.usefixtures("committing")


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
