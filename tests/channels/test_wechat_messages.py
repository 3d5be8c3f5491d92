import pytest

from channels.wechat import messages
from channels.wechat.messages import Incoming
from core import clock
from core.errors import BadInput


def xml(**values: str) -> str:
    given = {"ToUserName": "gh_line", "FromUserName": "openid", "CreateTime": "1700000000", "MsgType": "text"} | values
    return "<xml>" + "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in given.items()) + "</xml>"


def read(**values: str) -> Incoming:
    return messages.read(messages.parse(xml(**values)))


def test_a_text() -> None:
    incoming = read(Content="路灯坏了", MsgId="23")
    assert (incoming.kind, incoming.text, incoming.key) == ("text", "路灯坏了", "wechat:23")


def test_a_voice_message_is_what_was_recognised() -> None:
    assert read(MsgType="voice", MediaId="m", Recognition="路灯坏了。", MsgId="1").text == "路灯坏了。"


def test_an_image_keeps_its_media_id() -> None:
    assert read(MsgType="image", MediaId="m", PicUrl="http://x", MsgId="1").media == (
        {"kind": "image", "id": "m", "door": "wechat"},
    )


def test_a_location_is_its_label() -> None:
    assert read(MsgType="location", Label="城东区人民路1号", Location_X="1", MsgId="1").text == "城东区人民路1号"


def test_a_menu_button_says_its_key() -> None:
    assert read(MsgType="event", Event="CLICK", EventKey="查进度").text == "查进度"


def test_an_event_has_the_same_key_when_it_is_sent_again_and_no_openid_in_it() -> None:
    first, again = read(MsgType="event", Event="subscribe"), read(MsgType="event", Event="subscribe")
    later = read(MsgType="event", Event="subscribe", CreateTime="1700000001")
    other = read(MsgType="event", Event="subscribe", FromUserName="other")
    assert first.key == again.key
    assert len({first.key, later.key, other.key}) == 3
    assert "openid" not in first.key


@pytest.mark.parametrize(
    "document",
    [
        "",
        "hello",
        "<xml>",
        "<xml></xml>",
        '<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><Content>&a;</Content></xml>',
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml></xml>',
        '<?xml version="1.0" encoding="nonsense"?><xml></xml>',
    ],
)
def test_what_is_no_message_is_refused(document: str) -> None:
    with pytest.raises(BadInput):
        messages.read(messages.parse(document))


@pytest.mark.parametrize("text", ["您好", "a]]>b", "<b>&amp;</b>", "a\x00\x0bb🙂", "]]]]>>"])
def test_a_reply_is_valid_xml_whatever_it_says(text: str) -> None:
    reply = messages.text_reply(read(Content="x", MsgId="1"), text, at=clock.now())
    root = messages.parse(reply)
    assert root.findtext("Content") == text.replace("\x00", "").replace("\x0b", "")
    assert (root.findtext("ToUserName"), root.findtext("FromUserName")) == ("openid", "gh_line")
    assert root.findtext("MsgType") == "text"
    assert (root.findtext("CreateTime") or "").isdigit()
