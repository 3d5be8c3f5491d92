"""Names and numbers that citizens give of themselves."""

import re

from pypinyin import lazy_pinyin

from core.text.normalise import normalise

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜"
    "倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈"
)
_NAME = rf"(?:欧阳|司马|上官|诸葛|[{_SURNAMES}])[\u4e00-\u9fff]{{0,2}}"
_TITLE = r"(?:先生|女士|小姐|师傅|阿姨|大爷|大妈|老师|同志)"
_STOP = r"(?=[\s,，。.;；、:：\d(（]|$|电话|手机|联系|号码|的?电话)"

_INTRODUCED = re.compile(
    rf"(?:我叫|名字叫|名字是|姓名是?|联系人是?|本人叫?|叫我)\s*[:：]?\s*({_NAME}{_TITLE}?){_STOP}"
    rf"|(?:我|免贵|^|(?<=[\s,，。]))姓\s*((?:欧阳|司马|上官|诸葛|[{_SURNAMES}]))(?:{_TITLE})?{_STOP}"
    rf"|我是\s*((?:[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}){_TITLE}){_STOP}"
    rf"|(?:[他她]|儿子|女儿|闺女|姑娘|老伴|爱人|老公|老婆|媳妇|孙子|孙女)(?:名字)?叫\s*({_NAME})[\s,，]*(?=1[3-9]\d|电话|手机)"
    rf"|我是\s*([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?<![生人户民主员长工客家友])[\s,，]*(?=1[3-9]\d|电话|手机|联系)"
)
_BESIDE_NUMBER = re.compile(
    rf"(?:^|[\s,，。;；])([小老阿]?[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?<![打是话机码系])[\s:：]?(?=1[3-9]\d{{9}}(?!\d))"
)
_TITLED = re.compile(rf"({_NAME}?{_TITLE}){_STOP}")
_BARE = re.compile(rf"^([小老阿]?{_NAME}{_TITLE}?)$")
_LATIN = re.compile(r"(?:my name is|i am|i'm|name:?)\s+([a-z]+(?: [a-z]+)?)\b", re.IGNORECASE)
_FILLER = re.compile(
    r"(?:我的|手机号码|手机号|联系电话|联系方式|电话号码|电话|手机|号码|姓名|名字|联系人|是|叫|我|为|打|可以|就|请|联系|座机|固话|phone|number|tel|\b(?:my|is|it)\b|[\s,，。.;；、:：!！()（）+])+"
)
_INTRODUCING = re.compile(
    rf"my name is|i am|i'm|name|免贵|本人|姓名|名字|联系人|[我姓叫是的为:：]|{_TITLE}", re.IGNORECASE
)
_BREAK = r"[，,。;；、\s]"
_NUMBER_WORD = r"(?:手[机機]号?[码碼]?|[联聯]系[电電][话話]|[联聯]系方式|[电電][话話]号?[码碼]?|号[码碼])"
_OF_ANOTHER = re.compile(
    r"(?:老板|对方|商家|店家|店主|房东|包工头|司机|中介|物业|负责人|骗子|[他她])(?:的|[叫姓是][^，,\d]{1,4})?[，,\s]?(?:的|是)?"
    rf"{_NUMBER_WORD}?(?:是|[:：])?\s*1[3-9]\d[\d\s-]{{8,}}"
)
_DIGITS = re.compile(r"\d[\d\s-]{3,}\d")


def name_in(text: str) -> str:
    """Return the name by which a citizen introduces themselves in a sentence, or nothing."""
    found = _INTRODUCED.search(text)
    if found:
        return next(group for group in found.groups() if group)
    beside = _BESIDE_NUMBER.search(text)
    if beside:
        return beside[1]
    latin = _LATIN.search(text)
    return latin[1] if latin else ""


def name_answered(text: str, phones: tuple[str, ...]) -> str:
    """Return the name in an answer to the question for name and number: what is left beside the number."""
    introduced = name_in(text)
    if introduced:
        return introduced
    left = _FILLER.sub(" ", _DIGITS.sub(" ", text)).strip()
    bare = _BARE.match(left)
    if bare and len(left) <= 6:
        return bare[1]
    titled = _TITLED.search(text)
    if titled:
        return titled[1]
    return left if phones and re.fullmatch(r"[A-Za-z]{2,20}(?: [A-Za-z]{1,20}){0,2}|[\u4e00-\u9fff]{2,4}", left) else ""


def is_name(text: str) -> bool:
    """Say whether a few words are a name, perhaps with what introduces it, and nothing else."""
    name = name_answered(text, ())
    return bool(name) and not _INTRODUCING.sub("", text.replace(name, "", 1)).strip(" ，,。.!！")


def of_another(text: str) -> bool:
    """Say whether the number in a text is the other party's: 老板姓孙，电话…"""
    return _OF_ANOTHER.search(text) is not None


def number_in(text: str) -> str:
    """Return the mobile number in a few words, however it is grouped, or nothing."""
    digits = (re.sub(r"\D", "", normalise(found[0])) for found in _DIGITS.finditer(text))
    return next((each for each in digits if re.fullmatch(r"(?:86)?1[3-9]\d{9}", each)), "")


def respelt(name: str, told: str) -> str:
    """Return a name with the character that is told for one of its sound (拂晓的晓), or nothing."""
    character = re.fullmatch(r"(?:.{1,4}的)?([\u4e00-\u9fff])(?:字)?", told.strip(" 。.！!"))
    if not name or not character:
        return ""
    sound = lazy_pinyin(character[1])
    alike = [place for place, each in enumerate(name) if lazy_pinyin(each) == sound]
    return f"{name[: alike[0]]}{character[1]}{name[alike[0] + 1 :]}" if len(alike) == 1 else ""


def without_contact(text: str, name: str, phone: str) -> str:
    """Return the text without the clause in which the citizen gives name and number: they stand in the form."""
    called = re.escape(name) + _TITLE + "?" if name else "(?!)"
    introduced = rf"(?:我|本人)?的?(?:免贵)?(?:姓名|名字|联系人|叫|姓|是)?(?:是|为|叫)?[:：\s]*{called}"
    if phone:
        digits = "[- ]?".join(f"[{digit}{chr(0xFF10 + int(digit))}]" for digit in phone if digit.isdigit())
        numbered = rf"(?:我?的?{_NUMBER_WORD})?(?:是|为)?[:：\s]*(?:\+?86)?{digits}"
        text = re.sub(rf"{_BREAK}{{0,3}}(?:{introduced})?{_BREAK}{{0,3}}{numbered}", "", text)
    text = re.sub(rf"{_BREAK}{{0,3}}(?:我|本人)(?:免贵)?(?:叫|姓|是)[:：\s]*{called}(?={_BREAK}|$)", "", text)
    if re.fullmatch("[A-Za-z ]+", name):
        text = re.sub(rf"{_BREAK}{{0,3}}(?:my name is|i am|i'm|name:?)\s+{name}\b", "", text, flags=re.IGNORECASE)
    return text.strip(" ，,;；、\n")


def broken_number(text: str) -> str:
    """Return digits that look like a telephone number with some missing or too many, or nothing."""
    found = _DIGITS.search(text)
    digits = re.sub(r"\D", "", found[0]) if found else ""
    return digits if 5 <= len(digits) <= 14 else ""
