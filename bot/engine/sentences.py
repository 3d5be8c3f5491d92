"""What one sentence of a citizen adds to the form: what it names, what it answers, what it puts right."""

import re

from bot.engine import form as forms
from bot.engine import people, phrases
from bot.engine.state import Form, Place
from core.text.normalise import clean, normalise
from intents import Address, Understanding, entities
from intents.categories import tree

FREE_TEXT = (*forms.PERSONAL_ELEMENTS, "hours", "amount", "licence_plate", "order_number")
LONGEST_ANSWER = 40  # characters of an answer to one question; what is longer adds to the account
LONGEST_PLACE = 10  # characters of a place whose words also stand for a matter
_GLUE = re.compile(r"我们?|[家就是在住的叫姓这那个了呢啊哦]|位于|地址|地点|电话|号码|手机号?|\W")  # around an element
TELLS_MORE = 8  # characters beside what was named, from which a sentence tells something more

LEAD = re.compile(
    r"^(?:(?:我|我们)?家?(?:就住在|就在|住在|住|是在|位于|在)|地址是?|地点是?|就是|就叫|好像叫|叫什么|叫|是)[:：\s]*"
    r"|^(?:i live|it is|it's)?\s*\b(?:at|in|on)\b\s*",
    re.IGNORECASE,
)
_PLACE_WORD = re.compile(
    r"[路街巷弄区县镇乡村屯院楼栋幢号门口旁边对面桥站场园校店湖河江山东西南北家里上下内外]|附近|中心|超市|公司|大厦"
    r"|road|street|avenue|building|estate|park|station|school|near|opposite|behind|corner|home|house|market"
)
_SAYS = re.compile(r"都是|[了没不叫坏]|很|太")
_NO_PLACE = re.compile(
    r"[?？!！]|^没|^不(?:知|清|晓|记|是|用|要|会|想|能)|^[a-z]*\d+[a-z\d]*$"
    r"|^[绕修堵让带赶拦占]路$|怎么|什么|为什么|[了吗呢吧啊嘛呗死气烦]$|你们|快点|告诉|一下|拜拜|电话|号码"
)
# 我家, 楼下: a place for the one who says it, and for nobody else.
_VAGUE = re.compile(
    r"^(?:就)?(?:在|是|就在)?(?:我们?|咱们?|本|自己)?(?:[这那](?:个|边|一片)?)?"
    r"(?:家|小区|楼下|楼上|楼道|楼梯|院子|巷子|路口|单元|村|里|儿|附近|门口|旁边|单位|公司|学校|路上|街上)"
    r"(?:里|门口|附近|旁边|楼下|这里|这边)?$|^(?:at )?(?:my )?(?:home|house|here)$"
)
_BY = r"(?:[前后侧大东西南北]?门|[前后对]面|[东西南北左右]边|旁边?|附近|隔壁|斜对面|楼下|路口)"
_PARTY_WORD = re.compile(r"[店局院校馆厂厅站所行]|公司|集团|中心|超市|物业|银行|饭|酒|街道|老板|工地|幼儿园")
_NO_PARTY = re.compile(r"^(?:从|因为|每|一共|总共|没|已经|一直)")
# Said to the line or to a machine: the name of nobody.
_TO_US = re.compile("你们|快点|告诉|一下|问题")
_TO_A_MACHINE = re.compile(r"[;{}<>$=\\\"]|^\W*$")
_OF_A_NUMBER = re.compile("电话|手机|号码|phone")
_TIME_WORD = re.compile(  # 小周 and 蓝天网吧 are none
    r"[\d今昨刚久]|前[天日年几两些阵段]|[一二三四五六七八九十几半两多好整每上下这那头当本][个来多]{0,2}[天日周年月点晚夜时]"
    r"|[年月][初底中份]|周[一二三四五六日天末]|[清大一]早|早[上晨]|[晚夜][上里间]|傍晚|[上中下]午|午[后休]|晌午|凌晨|天天|时候|那会"
    r"|[以之]前|现在|星期|礼拜|最近|一直|长期|经常|一向|以来|开始|just|now|day|week|month|year|night|morning"
)
# 坏了三天了, 一个星期没人来: how long it has lasted says when it began.
_LASTING = re.compile(
    r"好?[几数半两\d一二三四五六七八九十]{1,4}[来多]?个?多?(?:小时|天|日|晚上?|周|星期|礼拜|月|年)多?(?=了|没|都|不|还|，|。|$)"
)

_PART_OF_DAY = (
    "凌晨|清晨|一大早|一早|大清早|早上|早晨|前晌|上午|中午|晌午|后晌|午休|午后|下午|傍晚|晚上|夜里|夜间|大半夜|半夜|深夜|后半夜"
    "|白天|通宵|整夜|整晚|整天|全天|24小时"
)
_CLOCK = r"[零一二两三四五六七八九十\d]{1,3}(?:点|时(?!候)|[:：]\d{2})(?:半|钟)?多?"
# 每天晚上十点到凌晨两点: when it recurs, not since when.
_HOURS = re.compile(
    rf"(?:每天|天天|每)?(?:(?:{_PART_OF_DAY})(?:{_CLOCK})?|{_CLOCK})(?:以后|之后|左右|开始)?"
    rf"(?:(?:一直)?(?:到|至|[-—~])(?:第二天|次日)?(?:(?:{_PART_OF_DAY})(?:{_CLOCK})?|{_CLOCK}))?"
)

_PLACE_ANSWER = re.compile(
    r"(?:[路街巷弄口旁边里]|附近|对面|小区|公司|[区县镇村])(?:上|边|面|里)?$|[路街巷弄]\w{0,6}号"
)
_PARTICLE = re.compile(r"(?:好像(?:是|叫)?|(?<![网酒书水茶])吧|[呗嘛啊呀啦哈咯喽])+$")  # 蓝天网吧 keeps its own
_SIGN = re.compile(r"[\da-z]")  # of a vehicle or an order: no words without a figure or a letter
_ORDER = re.compile(r"[a-z0-9-]*\d[a-z0-9-]{5,}")
_SUM = re.compile(r"[\d一二两三四五六七八九十百千万几半]")
_OF_MONEY = re.compile(r"\d|[一二两三四五六七八九十几半好][十百千万亿元块毛角分多来]|[十百千万]")  # not 再说一遍
_VAGUE_TIME = re.compile(  # an answer that says nothing else
    r"^(?:就|是|从|大概|大约|差不多|一直)*(?P<when>最近(?:这?几天|这?段时间)?|刚才|刚刚|刚|长期|一直|经常|好?几天|很久|好久|很长时间|前[几阵段](?:天|子|时间)"
    r"|just now|recently|for a long time|(?:today|yesterday|last night|this morning|last (?:week|month)))"
    r"(?:了|的事|的时候|开始|以来|之?前|都|是|这样)*[。.!！]*$"
)


def absorb(form: Form, understood: Understanding, text: str, *, replace: bool = False) -> list[str]:
    """Put in what a sentence names; return the elements it filled. `replace`: what was known before gives way."""
    named, filled = understood.entities, []
    district = only_district(named.addresses)
    if district is not None and form.place.text and (replace or form.place.district is None):
        move(form, named.addresses[0].text, district)
        filled.append("where")
    elif named.addresses and (replace or not form.place.text or _narrows(form.place, named.addresses[0])):
        forms.set_place(form, place_of(named.addresses, text))
        filled.append("where")
    elif named.addresses and _lies_within(named.addresses[0], form.place):
        forms.set_place(form, Place(form.place.text + place_of(named.addresses, text).text, form.place.district))
        filled.append("where")
    lasting = _LASTING.search(normalise(text))
    vague = _VAGUE_TIME.search(normalise(text))
    when = named.times[0].text if named.times else lasting[0] if lasting else vague["when"] if vague else ""
    if when and (replace or not form.happened):
        form.happened = when
        filled.append("when")
    own = () if people.of_another(text) else named.phones
    phones = [each for each in own if each.lstrip("0") != form.elements.get("order_number")]
    if phones and (replace or not form.phone):
        form.phone = next((each for each in phones if people.number_in(each)), phones[0])
        filled.append("contact")
    name = people.name_in(text)
    if name and (replace or not form.name):
        form.name = name
        filled.append("name")
    for element, values in _things(form, understood).items():
        if values and (replace or not form.elements.get(element)):
            form.elements[element] = values[0]
            filled.append(element)
    filled += wishes(form, normalise(text), reached=bool(named.phones))
    form.description = people.without_contact(form.description, form.name, form.phone)
    return filled


def wishes(form: Form, plain: str, *, reached: bool = False) -> list[str]:
    """Take up the wish to stay confidential or unnamed; not that one where the same words give a number (`reached`)."""
    taken = []
    if phrases.says("not_confidential", plain):
        form.confidential = False
        taken.append("confidential")
    elif phrases.says("confidential", plain):
        form.confidential = True
        taken.append("confidential")
    if phrases.says("anonymous", plain) and not reached:
        forms.forget_contact(form)  # also the number that the matter before left
        taken.append("contact")
    return taken


def _things(form: Form, understood: Understanding) -> dict[str, tuple[str, ...]]:
    named = understood.entities
    wanted = [element for element in form.wanted if element in forms.PERSONAL_ELEMENTS]
    amounts = named.amounts if "amount" in form.wanted else ()
    hours = _HOURS.search(normalise(understood.text)) if "hours" in form.wanted else None
    things = {"licence_plate": named.licence_plates, "amount": amounts, "hours": (hours[0],) if hours else ()}
    parties = tuple(each for each in named.organisations if not _is_landmark(each, understood.text))
    return things | dict.fromkeys(wanted[:1], parties)


def _is_landmark(organisation: str, said: str) -> bool:
    """Say whether an organisation only tells where: 老电影院后门."""
    return re.search(rf"{re.escape(organisation)}的?{_BY}", normalise(said)) is not None


def _narrows(before: Place, address: Address) -> bool:
    """Say whether an address says more than the place that is known: its district."""
    return before.district is None and address.district is not None and address.district in before.candidates


def _lies_within(address: Address, before: Place) -> bool:
    """Say whether an address tells where in a district, of which only the name is known: 云溪区, then 学府路口."""
    precise = address.road or address.landmark or address.number
    known = entities.find(normalise(before.text)).addresses
    return bool(precise) and before.district is not None and only_district(known) == before.district


def place_of(addresses: tuple[Address, ...], said: str) -> Place:
    """Return the place that addresses of a sentence name together; the first one that knows its district leads."""
    best = next((address for address in addresses if address.district), addresses[0])
    texts = list(dict.fromkeys(address.text for address in addresses))
    longest = max(texts, key=len)
    text = longest if all(part in longest for part in texts) else "".join(texts)
    start = said.lower().find(text)  # as it was written, where normalising changed nothing but the case
    text = said[start : start + len(text)] if start >= 0 else text
    return Place(text=text, district=best.district, street=best.street, candidates=list(best.candidates))


def answer(form: Form, element: str, text: str, understood: Understanding) -> bool:
    """Take the text as the answer to the question for one element; say whether it is one."""
    said = clean(text).strip(" 。.!！")
    if element == "what":
        only_named = named_elements(understood) or people.name_in(said)
        if speaks_to_us(normalise(said)) or phrases.says("skip", normalise(said)):
            return False  # 确认
        if only_named and nothing_more(form, said, understood):
            return False  # 昨晚; 我姓钱
        form.description = said
        forms.classify(form, understood)
        return bool(said)
    if len(said) > LONGEST_ANSWER:
        return False
    match element:
        case "where":
            return _where(form, _PARTICLE.sub("", LEAD.sub("", said)).removesuffix("的"), understood)
        case "when" if _tells_time(said, understood):
            spoken = _PARTICLE.sub("", said)
            form.happened = understood.entities.times[0].text if understood.entities.times else spoken
        case "contact":
            form.name = people.name_answered(said, understood.entities.phones) or form.name
            return False  # the number is what is asked for
        case "hours" if tells_hours(said, understood):
            form.elements["hours"] = said
        case "order_number" if (number := _ORDER.search(normalise(said))) and not people.number_in(number[0]):
            form.elements["order_number"] = number[0]
        case element if element in FREE_TEXT and not form.elements.get(element):
            if people.name_in(said) or (element in forms.PERSONAL_ELEMENTS and _is_sum(said)):
                return False  # 我姓杨: of themselves; 两万元
            named = understood.entities
            timed = named.times or any(each.search(normalise(said)) for each in (_VAGUE_TIME, _LASTING))
            if named.phones or timed or (named.addresses and not _PARTY_WORD.search(said)):
                return False
            if not may_name(normalise(said)):
                return False
            if element in forms.PERSONAL_ELEMENTS and _NO_PARTY.search(said):
                return False  # 从一百涨到三百
            if speaks_to_us(normalise(said)) or (element == "amount" and not _OF_MONEY.search(normalise(said))):
                return False
            if element in {"licence_plate", "order_number"} and not _SIGN.search(normalise(said)):
                return False
            sums = sums_in(said) if element == "amount" else ()
            form.elements[element] = sums[0] if sums else _PARTICLE.sub("", LEAD.sub("", said))
        case _:
            return False
    return True


def _is_sum(said: str) -> bool:
    """Say whether a text is a sum or an age and nothing else: 两万元, 十二万, 六十八了."""
    return len(said) > 1 and re.fullmatch(rf"{_SUM.pattern}+[元块钱岁了多]*", normalise(said)) is not None


def sums_in(said: str) -> tuple[str, ...]:
    """Return the sums in the answer to how much money it is, where nobody needs to say yuan: 三万一."""
    return entities.find(normalise(said)).amounts or entities.find(f"{normalise(said)}元").amounts


def is_place(said: str, understood: Understanding) -> bool:
    """Say whether a few words by themselves are a place, and neither a name nor what goes on there."""
    plain = normalise(said).rstrip("的里")
    ends = _PLACE_ANSWER.search(plain) or _PLACE_WORD.search(plain[-2:])
    return bool(understood.entities.addresses) or bool(ends and not _SAYS.search(plain) and not people.name_in(said))


def names_something(said: str) -> bool:
    """Say whether a few words that begin like a person's name are a time, a place or a party."""
    return any(pattern.search(said) for pattern in (_TIME_WORD, _PLACE_ANSWER, _PARTY_WORD))


def may_name(plain: str) -> bool:
    """Say whether an answer may be a name or a sign, rather than a wish or something that was pasted."""
    return not _TO_A_MACHINE.search(plain) and (not _TO_US.search(plain) or bool(_PARTY_WORD.search(plain)))


def speaks_to_us(plain: str) -> bool:
    """Say whether an answer is a yes, a no or a question back: no name, sum or place."""
    return phrases.yes_or_no(plain) is not None or phrases.says("question", plain)


def tells_hours(said: str, understood: Understanding) -> bool:
    """Say whether a few words are a time of day or another time."""
    return _HOURS.search(normalise(said)) is not None or _tells_time(said, understood)


def _tells_time(said: str, understood: Understanding) -> bool:
    """Say whether an answer tells a time; the digits of a house or a number do not."""
    named = understood.entities
    return bool(named.times) or (
        not named.addresses
        and not named.phones
        and _TIME_WORD.search(normalise(said)) is not None
        and not _PLACE_ANSWER.search(normalise(said))
        and not _OF_A_NUMBER.search(said)
    )


def only_district(addresses: tuple[Address, ...]) -> str | None:
    """Return the district when the addresses of a sentence say nothing but one."""
    if len(addresses) != 1:
        return None
    one = addresses[0]
    return None if one.road or one.landmark or one.street or one.number or one.candidates else one.district


def move(form: Form, said: str, district: str) -> None:
    """Put the place into another district, in the citizen's words; the rest of the place stays."""
    place = form.place
    rest = re.sub(r"^(?:[\u4e00-\u9fff]{2,6}?(?:新区|区|县))(?=.)", "", place.text) if place.district else place.text
    forms.set_place(form, Place(text=said + rest, district=district))


def _where(form: Form, said: str, understood: Understanding) -> bool:
    """Take a place in the citizen's own words, with the district that the gazetteer knows for it."""
    named = understood.entities
    if named.phones or named.times or len(said) < 2 or _VAGUE_TIME.search(normalise(said)):
        return False
    if named.addresses:
        place = place_of(named.addresses, said)
        place.text = said if normalise(place.text) in normalise(said) else place.text
        forms.set_place(form, place)
        return True
    plain, category = normalise(said), understood.category
    told = category is not None and not tree()[category.code].children  # 广场舞 is no place but the matter
    if told and _PLACE_ANSWER.search(plain) and len(said) <= LONGEST_PLACE:
        told = False  # 实验小学门口
    if told or speaks_to_us(plain) or _NO_PLACE.search(plain) or _VAGUE.match(plain):
        return False
    if len(said) > TELLS_MORE and not _PLACE_WORD.search(plain):
        return False
    forms.set_place(form, Place(text=said))
    return True


def same_element(one: Understanding, other: Understanding) -> bool:
    """Say whether two sentences name the same kind of element: two places, two times."""
    timed = all(_tells_time(each.text, each) for each in (one, other))
    return timed or bool(named_elements(one) & named_elements(other))


def named_elements(understood: Understanding) -> set[str]:
    """Return which elements a sentence names."""
    named = understood.entities
    kinds = {"where": named.addresses, "when": named.times, "contact": named.phones}
    return {element for element, values in kinds.items() if values}


def tells_more(form: Form, text: str, understood: Understanding) -> bool:
    """Say whether a sentence tells more than the place, time, name, number and other elements in it."""
    return len(_rest(form, text, understood)) >= TELLS_MORE


def nothing_more(form: Form, text: str, understood: Understanding) -> bool:
    """Say whether a sentence has nothing but such elements in it: 我姓钱, 昨晚; of 井盖松动 something is left."""
    return not _GLUE.sub("", _rest(form, text, understood))


def _rest(form: Form, text: str, understood: Understanding) -> str:
    """Return what is left of a sentence without the elements in it."""
    named = understood.entities
    rest = people.without_contact(normalise(forms.without_wishes(text)), form.name, form.phone)
    for part in (
        *(address.text for address in named.addresses),
        *(span.text for span in named.times),
        *named.phones,
        *named.organisations,
        *named.licence_plates,
        *map(normalise, form.elements.values()),
        normalise(form.place.text),
        form.name,
        people.name_in(text),
    ):
        rest = rest.replace(part, "") if part else rest
    return rest
