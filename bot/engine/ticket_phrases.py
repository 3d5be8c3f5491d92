"""How citizens name a ticket, and what they want done with it."""

import re

from bot.engine import survey
from bot.engine.talk import Talk

NUMBER = re.compile(r"(?<!\d)(20\d{6})\s*[-–—_]?\s*(\d{6})(?!\d)")
CODE = re.compile(r"(?<![0-9a-z])([34679acdefghjkmnpqrtwxy]{6})(?![0-9a-z])")
_ATTEMPT = re.compile(r"(?<![0-9a-z])(?!status|ticket|number|please)([0-9a-z]{6})(?![0-9a-z])")
_TOLD_BEFORE = re.compile(  # 我昨天报的路灯修了没
    r"^.{0,8}(?:报修?|反映|投诉|登记|举报)(?:过|了)?的[^，,。]{1,12}(?:修|办|处理|解决|弄|搞)好?了?(?:没有?|吗|么)[啊呀]?\W*$"
)
_NEARLY = re.compile(r"\W*20[2-9]\d[01]\d[0-3]?\d?\W?\d{1,8}\W*")
_SPACED = re.compile(r"(?<![0-9a-z])[0-9a-z](?:\s+[0-9a-z]){5}(?![0-9a-z])")
LONGEST_COMMAND = 30  # characters beside the number; a longer text is an account in which these words occur
LONGEST_RATING = 16  # characters beside the number; in a longer sentence 满意 or 没修好 is part of a matter
_TICKET = r"(?:工单|单子|诉求|投诉|举报|反映|报修|ticket)"

# In this order: who urges also names the status, who withdraws also says that it is done.
_COMMANDS: dict[str, re.Pattern[str]] = {
    "urge": re.compile(
        r"催办|催单|催促|催一?催|催一?下|帮我?催|我要催|再催|^催$|\burge\b|hurry"
        r"|(?:怎么|为什么|咋)还(?:没有?|不)(?:人|来|处理|解决|办|回复|动静|修)"
    ),
    "withdraw": re.compile(
        rf"(?:撤(?:回|销|掉|单|诉)|取消).{{0,8}}{_TICKET}|{_TICKET}.{{0,8}}(?:撤|取消|作废|算了|不(?:要|用|需要)了)|withdraw"
        r"|^(?:我)?(?:想|要)?(?:撤单|撤回|撤销|撤诉)(?:吧|了)?$"
        r"|(?:修好|解决|处理好|弄好)了?.{0,10}(?:不用|撤|取消)"
    ),
    "supplement": re.compile(
        rf"^(?:我)?(?:想|要|还想|还要)?(?:再)?补充|{_TICKET}.{{0,10}}(?:补充|加上|追加)|^追加|add to (?:my|the) ticket"
    ),
    "rate": re.compile(r"评价|打分|评分|(?:^|[,，。!！\s])(?:我)?(?:很|非常|挺|不|不太|比较)?满意|\brate\b"),
    "dispute": re.compile(
        r"^(?:其实|根本|还是|并|问题|事情|这事|那个|一直|都|也|又|还|,|，|\s){0,4}(?:没有?|未)(?:给我?)?(?:解决|处理好?|修好?|弄好|办好)"
        r"(?!吗|么)|\bnot (?:solved|fixed)\b"
    ),
    "status": re.compile(
        rf"进度|进展|(?:查|看)(?:询|一?下|看)?.{{0,6}}(?:{_TICKET}|办理|处理|结果)|^查询$|status|progress"
        rf"|{_TICKET}.{{0,8}}(?:到哪|怎么样|状态|结果|办|处理|情况)|到哪一?步|(?:办|处理)得?(?:怎么样|咋样|如何)"
        r"|(?:有|出)(?:没有)?结果|(?:办|处理|解决|修)好了?(?:吗|没|么)|多久能?(?:办|处理|修|解决)好?"
        r"|什么时候能?(?:办|处理|解决|修|来)"
    ),
}
_SHORT = {"rate", "dispute"}
# Words that are also said of matters that are no ticket yet: only with a ticket in hand do they mean one.
_NEEDS_TICKET = re.compile(
    r"(?:怎么|为什么|咋)还|好了|什么时候|多久|没|未|solved|fixed|满意|结果|进展|办|处理|投诉|举报|反映|诉求|报修"
)
_ABOUT_HOW = re.compile(r"^(?:请问)?(?:怎么(?!还)|怎样|如何|在哪|哪里)")


def number_and_code(plain: str, *, asked: bool = False) -> tuple[str, str]:
    """Return the ticket number and the code in a normalised text; empty where there is none.

    Beside a number, or where the line `asked` for them, six letters and figures are tried even if no code has them.
    """
    found = NUMBER.search(plain)
    number = f"{found[1]}-{found[2]}" if found else ""
    rest = plain.replace(found[0], " ") if found else plain
    rest = _SPACED.sub(lambda letters: re.sub(r"\s", "", letters[0]), rest)
    code = CODE.search(rest) or (_ATTEMPT.search(rest) if found or asked else None)
    return number, code[1].upper() if code else ""


def misread_number(plain: str) -> bool:
    """Say whether a text is a ticket's number with a figure too few or too many, and nothing else."""
    return _NEARLY.fullmatch(plain) is not None and not NUMBER.search(plain)


def command_in(talk: Talk) -> str | None:
    """Return the command that the turn asks for; a bare number asks for the status."""
    plain, numbered = talk.plain, bool(NUMBER.search(talk.plain))
    named = numbered or "工单" in plain
    if talk.state.form is None and misread_number(plain):
        return "status"
    if talk.state.form is None and _TOLD_BEFORE.search(plain):
        return "status"
    if talk.state.form is not None and not named:
        return None  # in the middle of a form these words belong to the matter
    if _ABOUT_HOW.search(plain) and not numbered:
        return None  # how to do it is a question
    if len(NUMBER.sub("", plain)) > LONGEST_COMMAND and not plain.startswith("补充"):
        return None
    owns = named or bool(talk.state.tickets)
    answers = bool(talk.state.tickets) and survey.answered(plain)
    for name, pattern in _COMMANDS.items():
        found = pattern.search(plain)
        if not found or (name in _SHORT and "评价" not in plain and len(NUMBER.sub("", plain)) > LONGEST_RATING):
            continue
        if owns or not _NEEDS_TICKET.search(found[0]):
            return "rate" if answers and name in {"status", "dispute"} else name
    if answers:
        return "rate"
    if talk.state.tickets and survey.unsolved(plain):
        return "dispute"
    return "status" if numbered else None
