"""Cutting the author out of words that a department reads.

What is written is matched with every digit as 0 to 9, however it was written (full width, circled, 幺三八), and with
blanks, dots and hyphens between digits; everything else stays as it was typed.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy import BANK_CARD, PHONE, mask_name, mask_phone
from intents import RequestType
from routing.models import Ticket, TicketCitizen

HIDDEN = "（已隐去）"
SHORTEST_NAME_HIDDEN = 2  # a single character is too common a word to be cut out of a text
SHORTEST_NUMBER_HIDDEN = 5  # digits; fewer are a house or a year

# Blanks are counted everywhere: "as many as there are" twice in a row takes time with the square of a text made for it.
_GAP = r"[\s.\-·]{0,3}"
_SPOKEN = {ord(spoken): digit for spoken, digit in zip("〇零幺一二三四五六七八九", "001123456789", strict=True)}
_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86" + _GAP + ")?" + _GAP.join(["1", "[3-9]", *[r"\d"] * 9]) + r"(?!\d)")
_IDENTITY = re.compile(
    r"(?<!\d)"
    + _GAP.join([*[r"\d"] * 6, f"(?:1{_GAP}9|2{_GAP}0)", r"\d", r"\d", "[01]", r"\d", "[0-3]", *[r"\d"] * 4, r"[\dXx]"])
    + r"(?!\d)"
)
_ACCOUNT = re.compile(
    r"(?:微信|[VvWw][Xx]|[Vv]信|[Ww]e[Cc]hat|[Qq]{2}|邮箱|[Ee]-?mail)号?码?\s{0,5}(?:是|为|[:：])?\s{0,5}[A-Za-z0-9][A-Za-z0-9_.@+-]{4,63}"
    r"|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)
_OF_A_PERSON = (_IDENTITY, BANK_CARD, _MOBILE, PHONE, _ACCOUNT)

_HAN = r"[\u4e00-\u9fff]"
_TITLE = "(?:先生|女士|小姐|师傅|阿姨|大爷|大妈|老师|同志)"
_CALLED = (
    r"(?:我叫|我是|叫我|我的?(?:姓名|名字)[是叫为]?|姓名[是为]?|本人(?:姓名|名叫|叫|是)|联系人是?)\s{0,5}[:：]?\s{0,5}"
)
_STOP = r"(?=[\s,，。.;；、:：\d(（!！]|$|的?(?:电话|手机|联系|号码|微信)|举报|反映|投诉|实名|家?住)"
_INTRODUCED = re.compile(
    rf"(?P<before>{_CALLED}){_HAN}{{2,4}}?{_TITLE}?{_STOP}|(?P<family>我姓|免贵姓){_HAN}{_TITLE}?"
    r"|(?P<latin>我叫\s?|(?i:my name(?: is|'s) ))[A-Z][A-Za-z'-]{1,20}(?: [A-Z][A-Za-z'-]{0,20}){0,3}"
)
# The commonest family names: where nothing else says that a word is a name, it begins with one of them.
_FAMILY = (
    "(?:欧阳|司马|上官|诸葛|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤])"
)
_NAMED = re.compile(
    r"(?P<role>(?:(?:举报|来电|诉求|反映|投诉|联系)人|业主|住户|户主|签名|署名|落款)(?:是|为)?\s{0,5}[:：]?\s{0,5}|(?:市民|本人)\s{0,5}[:：]?\s{0,5})"
    rf"(?:{_FAMILY}(?:某{{1,2}}|{_HAN}{{0,2}}?{_TITLE})|{_FAMILY}{_HAN}{{1,2}}?{_STOP})"
    r"|(?P<kin>我们?家?的?(?:老婆|老公|丈夫|妻子|爱人|媳妇|儿子|女儿|孩子)的?(?:名字)?[叫是]\s{0,5})"
    rf"(?:{_FAMILY}{_HAN}{{1,2}}?{_STOP}|{_FAMILY}{_HAN}{{1,2}})"
)
_PLACE = r"[^，。,;；！!？?\s]{0,40}(?:[室号楼栋院幢]|单元)"
_HOME = re.compile(
    r"(?P<before>(?:我们?|本人)(?:现|就|也|家|都|目前|一直){0,2}(?:居住|住)在?|(?<![大国])家就?(?:住在?|住址)|(?<=[，,。；;\s])现?居?住在?|"
    r"(?:我们?|本人)家就?在|(?:我的?|本人的?)?(?:住址|家庭地址)[是为]?[:：]?)"
    rf"{_PLACE}(?:\d{{1,4}})?|(?P<neighbour>邻居)[^，。,;；！!？?\s]{{0,40}}室"
)
_PLATE = re.compile(
    r"(?P<before>(?:我们?|本人)家?的?(?:车子?)?(?:车?牌照?)?号?码?(?:是|为)?\s{0,5}[:：]?\s{0,5})"
    rf"{_HAN}[A-Za-zＡ-Ｚ][\s·.]?[A-Za-zＡ-Ｚ\d]{{5,6}}(?![A-Za-zＡ-Ｚ\d])"
)

# A wish of the author to stay unknown; rather too many than too few, for nothing is lost by keeping a secret.
_WISH = re.compile(
    r"(?<!不用)(?<!不必)(?<!无需)(?<!无须)(?<!不需要)(?<!不要求)保密|匿名"
    r"|(?:不要|不想|不能|不可|不希望|别|勿|怕|以免|免得)[^。！？!?\n]{0,8}"
    r"(?:透露|泄露|泄漏|暴露|公开我|(?:让|被|叫|给)[^。！？!?\n]{1,10}(?:知道|晓得|发现|认出)"
    r"|(?:告诉|跟|对|和|提)(?!我)[^。！？!?\n]{0,12}我)"
    r"|(?:keep|stay|remain)(?: \w{1,12}){0,3} (?:confidential|secret|private|anonymous)",
    re.IGNORECASE,
)


def without_author(text: str, *, name: str | None, phone: str | None, secret: bool) -> str:
    """Return `text` with the author's own name and number in it masked.

    Of a `secret` author nothing is left. Any number, account or introduction in the text may be theirs, whatever they
    gave as their own: all are cut out. What a tip-off says of others' numbers, the centre reads in the conversation.
    """
    own = re.sub(r"\D", "", _as_digits(phone or ""))[-11:]
    if len(own) >= SHORTEST_NUMBER_HIDDEN:
        text = _cut(re.compile(_GAP.join(own)), text, HIDDEN if secret else mask_phone(own))
    if secret:
        # What was written before it became secret holds name and number masked; that is too much now.
        if mask_phone(own).strip("*"):
            text = text.replace(mask_phone(own), HIDDEN)
        if name and len(name) >= SHORTEST_NAME_HIDDEN:
            text = text.replace(mask_name(name), HIDDEN)
        for pattern in _OF_A_PERSON:
            text = _cut(pattern, text, HIDDEN)
        text = without_introduction(_without_home(text), name)
    if name and len(name) >= SHORTEST_NAME_HIDDEN:
        text = text.replace(name, HIDDEN if secret else mask_name(name))
    return text


def without_all(text: str, people: Iterable[tuple[str | None, str | None]]) -> str:
    """Return `text` without any of these people (name, telephone number), for whoever is none of them."""
    for name, phone in people:
        text = without_author(text, name=name, phone=phone, secret=False)
        for mark in (name and mask_name(name), phone and mask_phone(phone)):
            if mark and mark.strip("*"):
                text = text.replace(mark, HIDDEN)
    return without_author(text, name=None, phone=None, secret=True)


def is_secret(*, request_type: str, confidential: bool) -> bool:
    """Say whether departments may never learn who asked."""
    return confidential or request_type == RequestType.TIP_OFF


def wishes_secrecy(text: str) -> bool:
    """Say whether the author asks in these words not to be made known."""
    return _WISH.search(text) is not None


async def hide_author(session: AsyncSession, ticket: Ticket, text: str) -> str:
    """Return words about a ticket, whoever wrote them, without its author."""
    if not text or (citizen := await session.get(TicketCitizen, ticket.id)) is None:
        return text
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    return without_author(text, name=citizen.name, phone=citizen.phone, secret=secret)


def without_introduction(text: str, name: str | None = None) -> str:
    """Return `text` without the names of its author and their family; `name`: what they gave, or a part of it."""
    if name and re.match(_HAN, name):
        # 王先生 who writes 我是王建国举报…: the family name says where the name begins.
        family = found[0] if (found := re.match("欧阳|司马|上官|诸葛", name)) else name[0]
        text = re.sub(rf"({_CALLED}|本人){family}{_HAN}{{1,2}}", rf"\1{HIDDEN}", text)
        text = re.sub(rf"{family}(?:某某?|{_TITLE})|老{family}", HIDDEN, text)
    text = _INTRODUCED.sub(lambda found: (found["before"] or found["family"] or found["latin"]) + HIDDEN, text)
    return _NAMED.sub(lambda found: (found["role"] or found["kin"]) + HIDDEN, text)


def _without_home(text: str) -> str:
    """Return `text` without where its author lives and the number plate that they call theirs."""
    text = _HOME.sub(lambda found: (found["before"] or found["neighbour"]) + HIDDEN, text)
    return _PLATE.sub(lambda found: found["before"] + HIDDEN, text)


def _as_digits(text: str) -> str:
    """Return `text`, as long as it was, with every digit as 0 to 9."""
    return text.translate(_digits())


@lru_cache(maxsize=1)
def _digits() -> dict[int, str]:
    """Return every character that stands for a digit, looked up once: long texts are read for every pattern."""
    found = ((code, unicodedata.digit(chr(code), None)) for code in range(sys.maxunicode + 1))
    return {code: str(digit) for code, digit in found if digit is not None}


def _cut(pattern: re.Pattern[str], text: str, instead: str) -> str:
    """Replace what the pattern finds, first among figures alone, for a 第一 before a number would be taken for its."""
    for spoken in ({}, _SPOKEN):
        kept, end = [], 0
        for found in pattern.finditer(_as_digits(text).translate(spoken)):
            kept += [text[end : found.start()], instead]
            end = found.end()
        text = "".join(kept) + text[end:]
    return text
