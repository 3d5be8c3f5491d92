"""What the citizen wrote now: without the earlier mail that programs put under an answer, and without signatures."""

import re

# After such a line stands the earlier mail, as far as it is quoted with ">"; else all the rest is it.
_WROTE = re.compile(
    r"(?:On\b.{4,200}\bwrote|At\b.{4,200}\bwrote|在?\s*\d{4}\s*[年/-].{2,200}写道|.{0,80}<[^<>\s]+@[^<>\s]+>.{0,40}(?:wrote|写道))\s*[:：]\s*",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"[-_\s]*(?:-{2,}|_{2,})\s*"
    r"(?:原始邮件|原邮件|回复的?邮件|答复邮件|转发的?邮件(?:信息)?|(?:Original|Forwarded|Replied) Message)"
    r"\s*(?:-{2,}|_{2,})[-_\s]*",
    re.IGNORECASE,
)
# Outlook's block has no line around it: "From:" or "发件人:" and at once when it was sent, or to whom.
_OUTLOOK_FROM = re.compile(r"[>\s]*\*?(?:From|发件人|寄件者)\s*[:：]", re.IGNORECASE)
_OUTLOOK_NEXT = re.compile(r"[>\s]*\*?(?:Sent|Date|To|发送时间|发件时间|日期|收件人|时间)\s*\*?[:：]", re.IGNORECASE)
_RULE = re.compile(r"_{20,}|-{30,}")  # Outlook on the web, and QQ Mail, draw one above it
_SIGNATURE = re.compile(r"--\s*")
_DEVICE = re.compile(
    r"(?:发自我的|发自我|从我的.{1,20}发送|Sent from (?:my|Mail|Yahoo)|Get Outlook for|获取\s*Outlook|来自我的).{0,60}",
    re.IGNORECASE,
)
# How a letter begins and ends; it is read back to the citizen otherwise as what they report.
_SALUTATION = re.compile(
    r"(?:(?:尊敬的|敬爱的|亲爱的)[^，。！？]{0,20}[：:，,！!]?|[^，。！？\s]{0,12}(?:领导|市长|书记|局长|主任|同志|热线)们?[：:]"
    r"|(?:各位.{0,8}[：:，,]?)?(?:您好|你好|你们好|大家好)[！!。，,：:～~]*|(?:Dear|Hello|Hi)\b.{0,40}[,:!.]?)",
    re.IGNORECASE,
)
_GREETING = re.compile(r"\s*(?:您好|你好|你们好|大家好)[！!。，,：:～~\s]+(?=\S)")
_COMPLIMENT = re.compile(
    r"\s*(?:此致|敬礼|顺祝商祺|祝好|谢谢|感谢|(?:Best|Kind) regards|Regards|Thanks?)[！!。，,]*\s*", re.IGNORECASE
)
_NUMBER = re.compile(r"\s*(\d{1,2})\s*[.。、,，)）]?\s*")
_DIGIT = re.compile(r"\d")
LONGEST_MARK = 300  # characters; a longer line is no mark of a program, and would be slow to look through
LONGEST_NAME = 20  # characters of a signature that no "-- " announces


def without_form(text: str) -> str:
    """Return a letter without its salutation and its 此致敬礼; names and numbers under it stay."""
    lines = text.split("\n")
    while len(lines) > 1 and (not lines[0].strip() or _SALUTATION.fullmatch(lines[0].strip())):
        lines.pop(0)
    if greeting := _GREETING.match(lines[0]):
        lines[0] = lines[0][greeting.end() :]
    return "\n".join(line for line in lines if not _COMPLIMENT.fullmatch(line)).strip()


def answer(text: str) -> str:
    """Return a reply without salutation and compliments; of a number with no more than a name under it, the number."""
    bare = without_form(text) or text
    first, _, rest = bare.partition("\n")
    number = _NUMBER.fullmatch(first)
    return number[1] if number and len(rest.strip()) <= LONGEST_NAME and not _DIGIT.search(rest) else bare


def newly_written(text: str, *, forwards: bool = False) -> str:
    """Return the text without earlier mails, signature and the line of the device.

    `forwards`: the earlier mail is what the citizen wants to tell, so it stays.
    """
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    for at, line in enumerate(lines):
        bare = line.strip()
        if not forwards and _begins_earlier_mail(lines, at):
            break
        if _SIGNATURE.fullmatch(bare):
            break
        quoted = bare.startswith((">", "＞")) or (_says_wrote(lines, at) is not None)
        if not _DEVICE.fullmatch(bare) and (forwards or not quoted):
            kept.append(bare)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _begins_earlier_mail(lines: list[str], at: int) -> bool:
    """Say whether everything from this line on is the earlier mail."""
    bare = lines[at].strip()
    if len(bare) > LONGEST_MARK:
        return False
    if _ORIGINAL.fullmatch(bare):
        return True
    following = _next(lines, at)
    if _OUTLOOK_FROM.match(bare) and _OUTLOOK_NEXT.match(following):
        return True
    if _RULE.fullmatch(bare) and _OUTLOOK_FROM.match(following):
        return True
    wrote = _says_wrote(lines, at)
    return wrote is not None and not _next(lines, wrote).startswith((">", "＞"))


def _says_wrote(lines: list[str], at: int) -> int | None:
    """Return the last line of "On … wrote:" that begins here, which programs break in two; None where none does."""
    for last in (at, at + 1):
        joined = " ".join(line.strip() for line in lines[at : last + 1])
        if last < len(lines) and lines[at].strip() and len(joined) <= LONGEST_MARK and _WROTE.fullmatch(joined):
            return last
    return None


def _next(lines: list[str], at: int) -> str:
    """Return the next line with something on it."""
    return next((line.strip() for line in lines[at + 1 : at + 5] if line.strip()), "")
