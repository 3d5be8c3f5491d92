import contextlib
import time
from email.message import EmailMessage
from email.mime.text import MIMEText

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email import charsets, html_text, messages, quoting
from channels.email.messages import Incoming
from core.errors import BadInput
from tests.channels.web.test_web_attachments import png

OWN = "12345@sample.example"
LETTER = "人民路88号门口的路灯坏了三天，晚上看不见路。"


def read(raw: bytes) -> Incoming:
    found = messages.read(raw, own=OWN)
    assert isinstance(found, Incoming), found
    return found


def headers(**more: str) -> bytes:
    given = {"From": "wangli@qq.com", "To": OWN, "Subject": "路灯", "Message-ID": "<1@qq.com>"} | more
    mail = EmailMessage()
    for name, value in given.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(LETTER)
    return mail.as_bytes()


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "gb18030", "utf-8"])
def test_a_mail_of_qq_or_163_is_read_in_its_character_set(charset: str) -> None:
    mail = MIMEText(LETTER, "plain", charset)  # as their pages send it: base64, subject and name as encoded words
    mail["From"] = '"=?gb18030?B?zfXA9g==?=" <wangli@qq.com>'
    mail["Subject"] = "=?gb18030?B?yMvD8cK3wrfGu7LO?="
    mail["Message-ID"] = "<tencent_1@qq.com>"
    found = read(mail.as_bytes())
    assert (found.sender, found.body, found.message_id) == ("wangli@qq.com", LETTER, "<tencent_1@qq.com>")
    assert found.subject.startswith("人民路")


@pytest.mark.parametrize(
    ("content", "label"),
    [
        ("镕基路朱㙦".encode("gb18030"), "gb2312"),  # characters that GB2312 does not hold
        ("镕基路朱㙦".encode(), "gb2312"),
        ("镕基路朱㙦".encode(), "iso-8859-1"),
        ("镕基路朱㙦".encode("gb18030"), "utf-8"),
        ("镕基路朱㙦".encode("gb18030"), "x-unknown"),
        ("镕基路朱㙦".encode(), ""),
    ],
)
def test_a_wrong_label_is_seen_through(content: bytes, label: str) -> None:
    assert charsets.decoded(content, label) == "镕基路朱㙦"


def test_what_has_no_label_is_taken_as_chinese_only_where_it_looks_so() -> None:
    assert charsets.decoded("路灯坏了".encode("gbk"), "us-ascii") == "路灯坏了"
    assert charsets.decoded(b"I don\x92t know", "iso-8859-1") == "I don’t know"


def test_bytes_in_a_subject_without_any_label_are_read() -> None:
    raw = b"From: wangli@qq.com\r\nSubject: " + "路灯坏了".encode("gbk") + b"\r\n\r\nx"
    assert read(raw).subject == "路灯坏了"


def test_a_character_cut_between_two_encoded_words_is_put_together() -> None:
    raw = b"From: a@qq.com\r\nSubject: =?utf-8?B?6Lc=?= =?utf-8?B?r+eBrw==?=\r\n\r\nx"
    assert read(raw).subject == "路灯"


def test_a_subject_has_one_line_whatever_is_encoded_in_it() -> None:
    encoded = "=?utf-8?B?6Lev54GvDQpCY2M6IHZpY3RpbUBxcS5jb20A?="  # 路灯\r\nBcc: victim@qq.com\0
    assert read(f"From: a@qq.com\r\nSubject: {encoded}\r\n\r\nx".encode()).subject == "路灯 Bcc: victim@qq.com"


def test_html_of_outlook_is_read_as_it_is_shown() -> None:
    mail = EmailMessage()
    mail["From"] = "wangli@outlook.com"
    mail["Subject"] = "路灯"
    mail.set_content(
        "<html><head><style>p.MsoNormal{margin:0}</style><title>x</title></head><body lang=ZH-CN><div>"
        "<p class=MsoNormal>人民路88号<b>门口</b>的路灯坏了&nbsp;三天，<o:p></o:p></p>\n"
        "<p class=MsoNormal>晚上看不见路。</p>"
        "<script>alert(1)</script></div></body></html>",
        subtype="html",
    )
    assert read(mail.as_bytes()).body == "人民路88号门口的路灯坏了 三天，\n晚上看不见路。"


def test_comments_of_word_and_an_open_head_hide_nothing_else() -> None:
    html = "<head><!--[if mso]><xml>x</xml><![endif]--><style>a>b{}</style><body>1 &lt; 2<!-- y --><br>好 <![x]>"
    assert html_text.text_of(html) == "1 < 2\n好"


def test_a_table_is_read_row_by_row() -> None:
    assert html_text.text_of("<table><tr><td>地点</td><td>人民路</td></tr><tr><td>a<br>b") == "地点 人民路\na\nb"


def test_plain_text_is_preferred() -> None:
    mail = EmailMessage()
    mail["From"] = "wangli@qq.com"
    mail.set_content("纯文本")
    mail.add_alternative("<p>网页</p>", subtype="html")
    assert read(mail.as_bytes()).body == "纯文本"


@pytest.mark.parametrize(
    "quoted",
    [
        "------------------ 原始邮件 ------------------\n发件人: 热线\n请核对",
        "------------------&nbsp;原始邮件&nbsp;------------------\n请核对".replace("&nbsp;", "\u00a0"),
        "-----Original Message-----\nFrom: 12345\n请核对",
        "---- 回复的原邮件 ----\n请核对".replace("回复的原邮件", "回复的邮件"),
        '在 2026-11-22 10:00:00，"示例市12345热线" <12345@sample.example> 写道：\n请核对',
        "在 2026年11月22日，10:00，示例市12345热线 <12345@sample.example> 写道：\n> 请核对\n> 1. 确认",
        "On Sun, Nov 22, 2026 at 10:00 AM 示例市12345热线 <12345@sample.example> wrote:\n\n> 请核对",
        "On Sun, Nov 22, 2026 at 10:00 AM 示例市12345热线\n<12345@sample.example> wrote:\n\n> 请核对",
        'At 2026-11-22 10:00:00, "12345" <12345@sample.example> wrote:\n请核对',
        "发件人: 示例市12345热线 <12345@sample.example>\n发送时间: 2026年11月22日\n收件人: 王丽\n请核对",
        "________________________________\nFrom: 12345 <12345@sample.example>\nSent: Sunday\n请核对",
        "-- \n王丽\n某公司",
        "发自我的iPhone",
        "Sent from my iPhone",
        "> 请核对",
    ],
)
def test_earlier_mail_and_signatures_are_cut(quoted: str) -> None:
    assert quoting.newly_written(f"确认\r\n\r\n{quoted}".replace("\n", "\r\n")) == "确认"


def test_an_answer_written_under_the_quoted_mail_is_kept() -> None:
    assert quoting.newly_written("On Sun, Nov 22, 2026, 12345 <a@b> wrote:\n> 请核对\n> 1. 确认\n\n确认") == "确认"


def test_what_only_looks_like_a_quote_stays() -> None:
    text = "物业发件人: 张三。\n我在2026年11月22日给物业写道歉信，没人理。\n--- 重要 ---\n请处理"
    assert quoting.newly_written(text) == text


def test_a_forwarded_mail_is_what_the_citizen_tells() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@qq.com", "转发: 停水通知"
    mail.set_content("请问这合理吗？\n---------- 转发邮件 ----------\n发件人: 物业\n主题: 停水\n\n明天起停水十天。")
    found = read(mail.as_bytes())
    assert found.subject == "停水通知"
    assert found.body.endswith("明天起停水十天。")


def test_a_letter_is_told_without_its_form() -> None:
    text = "尊敬的领导：\n您好！\n  路灯坏了。\n此致\n敬礼！\n王丽 13800138000"
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@qq.com", "Re: 回复：路灯"
    mail.set_content(text)
    assert read(mail.as_bytes()).letter == "路灯坏了。\n王丽 13800138000"
    del mail["Subject"]
    mail["Subject"] = "反映问题"
    assert read(mail.as_bytes()).letter == "反映问题\n路灯坏了。\n王丽 13800138000"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1", "1"),
        ("1\n谢谢！", "1"),
        ("您好！\n2.\n\n王丽", "2"),
        ("1\n电话13900139000", "1\n电话13900139000"),
        ("谢谢！", "谢谢！"),
        (
            "1\n其实还有一件事，隔壁工地夜里也一直在施工吵得睡不着",
            "1\n其实还有一件事，隔壁工地夜里也一直在施工吵得睡不着",
        ),
    ],
)
def test_a_number_with_a_name_under_it_is_the_number(written: str, said: str) -> None:
    assert quoting.answer(written) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "auto-generated; type=x"),
        ("Precedence", "bulk"),
        ("Precedence", "List"),
        ("List-Id", "<news.example>"),
        ("Return-Path", "<>"),
        ("From", "MAILER-DAEMON@qq.com"),
        ("From", "Postmaster <postmaster@qq.com>"),
    ],
)
def test_what_a_machine_wrote_is_not_answered(name: str, value: str) -> None:
    assert messages.read(headers(**{name: value}), own=OWN) == "automatic"


def test_a_bounce_is_not_answered() -> None:
    raw = b"From: x@qq.com\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
    assert messages.read(raw, own=OWN) == "automatic"


def test_the_own_address_and_no_address_are_not_answered() -> None:
    assert messages.read(headers(From="热线 <12345@SAMPLE.example>"), own=OWN) == "own"
    assert messages.read(b"Subject: x\r\n\r\nx", own=OWN) == "no_sender"
    assert messages.read(b"From: a@qq.com\r\nAuto-Submitted: no\r\n\r\nx", own=OWN) != "automatic"


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    one, other = b"From: a@qq.com\r\n\r\none", b"From: a@qq.com\r\n\r\nother"
    assert read(one).key == read(one).key != read(other).key
    assert read(one).message_id == ""


def test_the_mail_that_is_answered_comes_first_of_those_it_names() -> None:
    raw = headers(References="<1@b> <2@b> <3@b>", **{"In-Reply-To": "<3@b>"})
    assert read(raw).references == ("<3@b>", "<2@b>", "<1@b>")


def test_an_id_that_a_program_wrote_as_an_encoded_word_is_read() -> None:
    long = f"<{'a' * 90}@sample.example>"
    assert b"=?utf-8?q?" in headers(**{"In-Reply-To": long})  # as the standard library does with long ones
    assert read(headers(**{"In-Reply-To": long})).references == (long,)


def test_pictures_are_photos_and_everything_else_is_counted() -> None:
    mail = EmailMessage()
    mail["From"] = "a@qq.com"
    mail.set_content("见附件")
    mail.add_attachment(b"picture", maintype="image", subtype="jpeg", filename="路灯.jpg")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="合同.pdf")
    mail.add_attachment("附件里的字", filename="a.txt")
    mail.add_attachment(EmailMessage())
    found = read(mail.as_bytes())
    assert (found.photos, found.others, found.body) == ((b"picture",), 3, "见附件")


def test_the_logo_in_a_signature_is_no_photo() -> None:
    mail = EmailMessage()
    mail["From"] = "a@qq.com"
    mail.set_content("<p>路灯<img src=cid:logo><img src=cid:photo>", subtype="html")
    for name, size in (("logo", 1000), ("photo", 9000)):
        mail.add_related(b"x" * size, maintype="image", subtype="png", cid=f"<{name}>")
    found = read(mail.as_bytes())
    assert ([len(each) for each in found.photos], found.others) == ([9000], 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/plain" + b";" * 2_000_000,
        b"\r\n" + b"a\n" * 1_000_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(60))
        + b"a\n" * 390_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: image/png\n\nx\n" * 5000,
        b"Content-Type: text/plain; charset=punycode\n\n-" + b"abcdefgh9" * 100_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + (b"--b\nContent-Type: text/html\n\n" + b"<p>&amp;" * 20_000 + b"\n") * 100,
    ],
)
def test_a_mail_made_to_be_slow_takes_no_time(raw: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(BadInput):
        messages.read(b"From: a@qq.com\n" + raw, own=OWN)
    assert time.process_time() - began < 3


def test_a_character_set_that_no_parser_takes_is_refused() -> None:
    with pytest.raises(BadInput):
        messages.read(b"From: a@qq.com\nContent-Type: text/plain; charset*=a\0b'en'x\n\nhi", own=OWN)


def test_no_label_makes_half_a_character() -> None:
    for content, label in ((b"+2AA- x", "utf-7"), (rb"\ud800 x", "unicode_escape"), (rb"\ud800", "raw_unicode_escape")):
        charsets.decoded(content, label).encode()


def test_a_bare_subject_stays_on_one_line() -> None:
    assert read("From: a@qq.com\nSubject: 路灯\u2028坏\0了\n\nx".encode()).subject == "路灯 坏 了"


@pytest.mark.parametrize("subject", ["自动回复：路灯", "自动回复", "Automatic reply: lamp", "Re: Auto-Reply: x"])
def test_an_absence_note_without_its_header_is_not_answered(subject: str) -> None:
    assert messages.read(headers(Subject=subject), own=OWN) == "automatic"


def test_a_greeting_on_the_same_line_is_no_part_of_the_matter() -> None:
    assert quoting.without_form("尊敬的领导：\n您好！路灯坏了。\n你好先生的店很吵") == "路灯坏了。\n你好先生的店很吵"
    assert quoting.without_form("你好先生的店很吵") == "你好先生的店很吵"


def test_only_what_stands_first_is_taken_from_a_subject() -> None:
    assert read(headers(Subject="Re: 回复：Where to care: the newborn")).subject == "Where to care: the newborn"
    assert read(headers(Subject="关于消防的答复：不满意")).subject == "关于消防的答复：不满意"


def test_a_letter_about_absence_notes_is_answered() -> None:
    assert read(headers(Subject="自动回复的短信太多")).subject == "自动回复的短信太多"


def test_a_photo_is_known_by_its_bytes_where_the_program_calls_it_octets() -> None:
    mail = EmailMessage()
    mail["From"] = "wangli@qq.com"
    mail.set_content(LETTER)
    mail.add_attachment(png(), maintype="application", subtype="octet-stream", filename="路灯.png")
    mail.add_attachment(b"PK\x03\x04", maintype="application", subtype="octet-stream", filename="表.xlsx")
    found = read(mail.as_bytes())
    assert (found.photos, found.others) == ((png(),), 1)


def test_parts_within_parts_without_end_are_refused() -> None:
    raw = b"From: a@qq.com\r\n"
    for depth in range(2000):
        raw += f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode()
    with pytest.raises(BadInput):
        messages.read(raw, own=OWN)


PIECES = [
    *(b"From: ", b"a@b.cn", b"\r\n", b"\r\n\r\n", b"Subject: ", b"=?gbk?B?", b"=?utf-8?q?", b"?=", b"<", b">", b";"),
    *(
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b",
        b"--b--",
        b"Content-Type: text/html; charset=",
        b"\xc2\xb7",
    ),
    *(b"Content-Disposition: attachment; filename*=", b"utf-8''", b"Message-ID: <a@b>", b"\xff", b"\x00"),
    b"Content-Transfer-Encoding: base64",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join))
def test_no_mail_makes_the_door_fail(raw: bytes) -> None:
    assert messages.read(raw, own=OWN) is not None
    assert messages.read(b"From: a@b.cn\r\n" + raw, own=OWN) is not None


@pytest.mark.parametrize("sign", ["-", "_ ", "On ", "=?gbk?q?", "<a ", "<!--", "&#", "<a@b>", "1\n", ">"])
def test_a_mail_made_to_be_slow_is_not(sign: str) -> None:
    many = sign * 60_000
    raw = f"From: a@b.cn\r\nSubject: {many}\r\nReferences: {many}\r\nContent-Type: text/%s\r\n\r\n{many}"
    began = time.process_time()
    for kind in ("plain", "html"):
        messages.read((raw % kind).encode(), own=OWN)
    assert time.process_time() - began < 10  # a hundredth is usual; what grows with the square takes minutes
