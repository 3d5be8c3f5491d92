"""What a citizen puts right: 不是南山路，是南海路; 电话写错了，是138…; 刚才说的区不对; 改一下时间; several at once."""

import re
from dataclasses import dataclass

from pypinyin import lazy_pinyin

from core.text.normalise import clean

LONGEST_VALUE = 20  # characters of what holds instead, where nothing but its place says that it does

_BREAK = re.compile(r"[，,。;；！!\n]+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff\d])")
_JOINED = re.compile(r"(?<=[是成为到])[:：\s]+")

# The words by which citizens name an element; the longest first where one is part of another.
_NAMES = {
    "phone": r"(?:联系)?(?:电话|手机)(?:号码?)?|号码|联系方式",
    "licence_plate": r"车牌(?:号码?)?|车号",
    "order_number": r"订单(?:编?号)?|单号",
    "name": r"名字|姓名|名儿|姓|称呼|联系人|(?:这个|那个)?字",
    "confidential": r"保密",
    "hours": r"时段",
    "when": r"时间|日期|日子|时候",
    "district": r"区县|城区|行政区|区",
    "where": r"地址|地点|位置|地方|路名|路|小区(?:名字?)?|门牌(?:号码?)?|门牌",
    "amount": r"金额|钱数|数额|价钱|钱",
    "employer": r"用人单位|用工单位|老板",
    "company": r"商家|店名|公司(?:名字?)?|企业(?:名字?)?|单位(?:名字?)?|店",
    "who": r"对方",
    "what": r"内容|描述|诉求|情况",
}
_ELEMENT = "|".join(f"(?P<{name}>{words})" for name, words in _NAMES.items())
_NAMED = re.compile(_ELEMENT)
_LEAD = (
    r"(?:又|哦|噢|啊|哎呀?|对了|等等|等一下|不对|那个|也|还有|另外|其实|应该|就|都|刚才|刚刚|前面|上面|我|你|您|们"
    r"|说|写|填|报|留|给|记|登记|的|把|将)*"
)
_VALUE = r"(?P<right>.{1,60}?)[。.!！呀啊哈]*$"

_NOT_BUT = re.compile(rf"^{_LEAD}不是(?P<wrong>[^，,]{{1,20}}?)(?:而是|应该是|应是|是){_VALUE}")
_BUT_NOT = re.compile(r"^(?:应该)?是(?P<right>.{1,20}?)(?:而)?不是(?P<wrong>[^是]{1,20})$")
_NOT = re.compile(rf"^{_LEAD}(?:而)?不是(?P<wrong>[^是]{{1,20}})$")
_IS = re.compile(rf"^(?:而是|应该是|应该为|应是|应为|还是|是|改成|改为|该是){_VALUE}")
_MISSAID = re.compile(r"^(?:我)?(?:把)?(?P<right>.{1,20}?)(?:说|写|打|记|听|登记|填)成了?(?P<wrong>.{1,20}?)了?$")
_CHANGED = re.compile(
    rf"^(?:请|麻烦|帮我|给我|我想|我要|想|要)*{_LEAD}(?P<what>.{{0,20}}?)(?:改成|改为|改到|换成|更正为|更改为|应该是|应为){_VALUE}"
)
_WRONG = re.compile(
    rf"^{_LEAD}(?P<what>.{{0,8}}?)(?:也|都|好像|可能|有点|是)*"
    r"(?:(?:说|写|打|弄|记|填|报|听|登记|留|给|搞|选|念)?(?:错|反)(?:字|号|了?一个字|了?一位)?(?:了|啦)?|(?:不对|有误|不是这个?字?|不是那个?字?|不是这样?写的?|不是这么写的?))"
    rf"(?:(?:应该)?(?:是|为){_VALUE}|[。.!！]*$)"
)
_BARE = re.compile(r"^(?:更正|纠正|订正)(?:一下)?[:：]?(?:应该)?(?:是|为)?(?P<right>.{0,60})$")
_ASKED = re.compile(
    r"^(?:我|想|要|请|麻烦|帮|能|可以|再|需要|得)*(?:改|修改|更改|更正|换|重说|重新?说|重填|改改|纠正)(?:一?下|个|改|正)?"
    r"(?:我|刚才|那个|说|的)*(?P<what>.{1,12}?)(?:吧|吗|可以吗|好吗|行吗|一下)?[。.!！?？]*$"
)
_ASKED_AFTER = re.compile(
    rf"^{_LEAD}(?P<what>.{{1,6}}?)(?:我)?(?:想|要|得|需要|能不能|可以)*(?:改|换)(?:一?下|改|了)?(?:吧|吗)?[。.!！]*$"
)

_REPAIRED = re.compile(
    r"^(?P<wrong>.{2,14}?)[\s，,。…]*(?:[哦噢啊呃]+不对?|不对不对|不对|说错了|错了)[\s，,。…]*(?:应该)?是?(?P<right>[^是].{1,19})$"
)

_FORGOTTEN = re.compile(
    r"^(?:我|也|那个|这个|啊|嗯)*(?:不|没|忘)(?:太|大)?(?:记得?|记住|清楚|看清|看到|看见|知道|晓得|注意|有|了|记了)(?:看|清|住|到|楚|了)*(?P<what>.{1,8}?)(?:是)?(?:多少|什么|啥|几号?|哪里|哪儿)?[了啦啊呀。.!！]*$"
    r"|^(?P<which>.{1,8}?)(?:我|也|都|是)*(?:不记得|记不[得清住]|没看清楚?|没记住|不知道|不清楚|不晓得|忘了|忘记了|没注意)[了啦啊呀。.!！]*$"
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing put right. `element`: which, where it was named; `wrong`: what was said before; `right`: what holds.

    Without `right` it is to be asked what holds.
    """

    element: str = ""
    wrong: str = ""
    right: str = ""


def read(text: str) -> tuple[list[Correction], str]:
    """Return what a text puts right, in its order, and the rest of it; nothing and the text where it is no correction.

    It only reads the words: whether something of the form is meant, whoever applies it finds out.
    """
    clauses = [clause.strip() for clause in _BREAK.split(_JOINED.sub("", text)) if clause.strip(" .。")]
    found: list[Correction] = []
    rest: list[str] = []
    place = 0
    while place < len(clauses):
        made, used = _at(clauses[place], clauses[place + 1] if place + 1 < len(clauses) else "")
        found += made
        rest += [] if made else [clauses[place]]
        place += used
    return (found, "，".join(rest)) if found else ([], text)


def _at(clause: str, after: str) -> tuple[list[Correction], int]:
    """Return the corrections that begin with a clause, and how many clauses they take."""
    for pattern in (_NOT_BUT, _BUT_NOT, _MISSAID):
        if match := pattern.match(clause):
            return [Correction("", match["wrong"].strip(), match["right"].strip())], 1
    if (match := _NOT.match(clause)) and (right := _IS.match(after)):
        return [Correction("", match["wrong"].strip(), right["right"].strip())], 2
    if (match := _IS.match(clause)) and (wrong := _NOT.match(after)):
        return [Correction("", wrong["wrong"].strip(), match["right"].strip())], 2
    if (match := _NOT.match(clause)) and _sounds_alike(match["wrong"], after):
        return [Correction("", match["wrong"], after)], 2
    if match := _CHANGED.match(clause):
        named = elements_in(match["what"])[:1]
        wrong_words = "" if named else match["what"].strip()
        return [Correction(named[0] if named else "", wrong_words, match["right"].strip())], 1
    if match := _BARE.match(clause):
        return ([Correction(right=match["right"])], 1) if match["right"] else _with_next([], after)
    if match := _WRONG.match(clause):
        named = elements_in(match["what"])
        if match["what"] and not named:
            return [], 1
        if match["right"]:
            return [Correction(named[0] if named else "", right=match["right"].strip())], 1
        return _with_next(named, after)
    for pattern in (_ASKED, _ASKED_AFTER):
        if match := pattern.match(clause):
            return [Correction(element) for element in elements_in(match["what"])], 1
    return [], 1


def _sounds_alike(wrong: str, right: str) -> bool:
    """Say whether two names are written with one other character of the same sound: 不是张三，章三."""
    return wrong != right and len(wrong) == len(right) > 1 and lazy_pinyin(wrong) == lazy_pinyin(right)


def _with_next(named: list[str], after: str) -> tuple[list[Correction], int]:
    """Return what is wrong of the elements `named`; of a single one the right words may stand in the next clause."""
    element = named[0] if named else ""
    if len(named) < 2 and after:
        if stated := _IS.match(after):
            return [Correction(element, right=stated["right"].strip())], 2
        others = (_WRONG, _NOT, _ASKED, _CHANGED)
        if not any(pattern.match(after) for pattern in others) and _fits(element, after):
            return [Correction(element, right=after)], 2
    return [Correction(each) for each in named], 1


def _fits(element: str, clause: str) -> bool:
    """Say whether a clause may be what holds of an element: figures for a number, few characters for the rest."""
    if element == "phone":
        return re.search(r"\d{7,}", re.sub(r"[\s-]", "", clause)) is not None
    if re.search(r"\d{7,}", clause) and element not in {"", "order_number"}:
        return False  # a number beside it: 地点不对，我叫王强13800138000
    return len(clause) <= LONGEST_VALUE


def repaired(text: str) -> tuple[str, str] | None:
    """Return what a text says and takes back in one breath, and what it says instead: 早上，不对，中午开始."""
    said = _REPAIRED.match(clean(text))
    return (said["wrong"], said["right"]) if said else None


def forgotten(plain: str) -> list[str]:
    """Return the elements of which a text says that they are not known: 不记得车牌, 时间和地点我不清楚."""
    said = _FORGOTTEN.match(plain)
    return elements_in(said["what"] or said["which"]) if said else []


def elements_in(words: str) -> list[str]:
    """Return the elements that a few words name, where they say nothing else: 时间, 地址和电话."""
    parts = [part.strip("的那里呢呀我你您都也") for part in re.split(r"[和跟与、]|还有", words)]
    matches = [_NAMED.fullmatch(part) for part in parts]
    return [name for match in matches if match for name in _NAMES if match[name]] if all(matches) else []
