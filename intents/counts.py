"""Sums of money and numbers of people."""

import re
from decimal import Decimal

from intents.numerals import number, plainly

LONGEST = 4000  # characters read of one text
# Runs are bounded, so that reading stays linear.
_COUNT = (
    r"(?:\d[\d,]{0,20}(?:\.\d{1,4})?(?:[十百千万亿]{1,2}(?:\d(?![\d,.]))?)?"
    r"|[零〇一二两三四五六七八九十百千万亿半几数上]{1,20})"
)
_SCALE = {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000, "k": 1000, "w": 10_000}
# A sum without a unit is money only before what is said of money: 300多万专业技术人员 is none.
_BARE = (
    r"(?<=[万亿])(?=(?:多|余|来)?(?:\W|$|左右|上下|以上|以内|的?(?:工资|薪|钱|款|费|押金|定金|本金|货款|欠|赔|债|房子|车)"
    r"|[没不还都就了给吧呢吗退要到啊买卖]))"
)
_AMOUNT = re.compile(
    rf"(?:(?P<sign>[¥$]|人民币|rmb)\s?)?(?<![\d.])(?P<count>{_COUNT})(?P<more>多|余|来|几)?"
    rf"(?P<scale>[百千万亿]{{1,3}}|[kw](?![a-z]))?(?P<more2>多|余)?"
    rf"(?P<unit>元|块(?!地|石|板|砖|牌|玻璃|空|儿?地|儿?土)(?:钱|整)?|毛钱|毛(?=[\W一]|$)|人民币|圆(?!桌|形|环|通)|{_BARE})?"
)
# 三块五, 12元8角: what stands behind the unit.
_SMALL = re.compile(
    r"(?P<tenth>[\d一二三四五六七八九])(?:毛|角)(?:(?P<cent>[\d一二三四五六七八九])(?:分|(?!\w)))?"
    r"|(?P<bare>[2-9二三四五六七八九])(?![\d二三四五六七八九十百千万.号个栋楼平块元])"
)
_NOT_ONE = re.compile(r"(?:一|1)(?:块|毛)钱?(?:[都也]?[没未]|[都也]不)")  # 一毛钱都没给
_FEW = frozenset("一二两三四五六七八九几")
_BEFORE_MONEY = re.compile(r"[卖买收交付元块钱价贵涨要花退欠斤费赔罚每降]|便宜")
_BEHIND_MONEY = re.compile(r"[\W\d一二三四五六七八九多]|$")  # 一块很小的木牌 is no money
_NOT_MONEY_UNIT = re.compile(r"路|头|区|素|件|旦|宵|月|年|器|首|老|凶|配")
# Words behind which a number without a unit is money, and what may stand between.
_OF_MONEY = re.compile(
    r"(?:欠(?!费?了?\d+个?[月年])|押金|定金|订金|工资|薪水?|工钱|罚款?|扣[了除]?|交了|缴[了纳]?|付[了款]?|花[了费]?|赔[了偿付]?|退[了还]?|转[了账]|借[了给]?|贷[了款]"
    r"|涨到|涨了|收了|收费|价格|费用?|共计|合计|总计|一共|总共|金额|损失|补偿|补贴|被骗了?)"
    r"(?:我们?|他们?|你们?|您|每[人户月]|了|是|为|到|大约|大概|将近|接近|近|约|共|共计|一共|高达|达|只有|才|就|要|又|的|:|：|\s)*$"
)
_MEASURE = re.compile(
    r"\s{0,2}(?:多|余|来|几)?[个人户天年月日号时小次家台套平米公㎡里度吨斤岁分点层楼栋幢张条份遍倍%名位口回间期批只棵辆室单站路座级克毫cmkg字项件班座:\-/.~年届类组届种]|[a-z]"
)
# A number between 1900 and 2100 that stands alone may be a year.
_YEAR = re.compile(r"(?:19|20)\d{2}$")
_RANGE = re.compile(rf"(?P<low>{_COUNT})\s?[-~—–到至]\s?$")

_PERSONS = (
    "住户|居民|业主|村民|工人|工友|农民工|民工|学生|同学|家长|员工|职工|老人|老百姓|孩子|小孩|乘客|群众|商户|商家|同事|司机|患者|病人|"
    "师傅|旅客|游客|顾客|租客|租户|农户|村户|用户|客户|老师|教师|家庭|兄弟姐妹|兄弟|姐妹|受害者|消费者|会员|客人|伤者|人|户"
)
_PEOPLE = re.compile(
    rf"(?<![\d.第])(?P<count>\d{{1,7}}(?:\.\d{{1,2}}(?=[百千万]))?(?:[百千万](?!\d))?|[一二两三四五六七八九十百千万几数上近]{{1,8}})(?P<more>多|余|来|几)?(?P<scale>[百千万])?"
    rf"(?:[个名位家]{{1,2}}|户)?(?P<of>(?:{_PERSONS})(?!次|均|行[道天横]|民|工[智湖]|大|生|口[普统]|脸|家[^庭里的])|口人?(?![井锅气交径子]))(?!转)"
)
_FAMILY = re.compile(r"(?:一|全)家(?:子)?(?P<count>[二两三四五六七八九十\d]{1,2})口")
_ONE = frozenset({"一", "1", "上", "几", "数"})


def _scaled(count: str, scale: str | None) -> Decimal | None:
    value = number(count)
    for unit in scale or "":
        value = None if value is None else value * _SCALE[unit]
    return value


def _small(plain: str, end: int, unit: str) -> tuple[Decimal, int]:
    """Return the tenths and hundredths behind a unit (三块五, 12元8角5分), and where they end."""
    match = _SMALL.match(plain, end)
    if match is None or (match["bare"] and not unit.startswith("块")) or unit.endswith(("钱", "整")):
        return Decimal(0), end
    tenths = number(match["tenth"] or match["bare"]) or Decimal(0)
    cents = number(match["cent"]) if match["cent"] else None
    return tenths / 10 + (cents or Decimal(0)) / 100, match.end()


def _is_money(match: re.Match[str], plain: str) -> bool:
    """Say whether a number is a sum: its unit, its sign, or the words before it and no measure word behind."""
    if match["unit"]:
        said_of_money = _BEFORE_MONEY.search(plain[max(match.start() - 8, 0) : match.start()])
        bare = match["unit"] == "块" and match["count"] in _FEW and not _SMALL.match(plain, match.end())
        a_piece = bare and not (said_of_money and _BEHIND_MONEY.match(plain, match.end()))
        a_piece = a_piece or _NOT_ONE.match(plain, match.start()) is not None
        return not a_piece and not _NOT_MONEY_UNIT.match(plain, match.end())
    if match["unit"] is not None or match["sign"]:
        return True
    if _MEASURE.match(plain, match.end()) or not _OF_MONEY.search(plain[max(match.start() - 12, 0) : match.start()]):
        return False
    value = _scaled(match["count"], match["scale"])
    return value is not None and value >= 10 and not _YEAR.match(match["count"])


def amounts(plain: str) -> tuple[str, ...]:
    """Return the sums of money in yuan, as plain decimals, in their order; of a range both ends."""
    plain = plainly(plain[:LONGEST])
    found = []
    read = 0
    for match in _AMOUNT.finditer(plain):
        if match.start() < read:
            continue  # the 2毛 of 1块2毛
        value = _scaled(match["count"], match["scale"]) if _is_money(match, plain) else None
        if value is None:
            continue
        lower = _RANGE.search(plain[max(match.start() - 16, 0) : match.start()])
        if lower:
            low = _scaled(lower["low"], match["scale"])
            if low is not None and not match["scale"] and len(match["count"]) > 1 and match["count"][-1] in "百千万":
                low = low * _SCALE[match["count"][-1]] if low < 10 else low  # 三到五千
            found.append(low if low is not None and low < value else Decimal(0))
        value = value / 10 if match["unit"] and match["unit"][0] == "毛" else value
        small, read = _small(plain, match.end(), match["unit"] or "")
        found.append(value + small)
    return tuple(dict.fromkeys(f"{value.normalize():f}" for value in found if 0 < value < Decimal(10) ** 15))


def people(plain: str) -> tuple[int, ...]:
    """Return how many people, or households, a normalised text speaks of, in the order it says so.

    Of a guess (三十多户, 上百人) it is the smallest number that is meant; one person is no count.
    """
    plain = plain[:LONGEST]
    found = {match.start(): number(match["count"]) for match in _FAMILY.finditer(plain)}
    taken = [match.span() for match in _FAMILY.finditer(plain)]
    for match in _PEOPLE.finditer(plain):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        said = match["count"].lstrip("近")
        said = f"一{said}" if said in ("百", "千", "万") else said
        value = _scaled(said, match["scale"]) if said and (said not in _ONE or match["scale"]) else None
        found[match.start()] = value
    return tuple(
        dict.fromkeys(int(value) for _, value in sorted(found.items()) if value is not None and 1 < value < 10_000_000)
    )
