"""A matter: where a form begins, and what to ask while it is not clear what the matter is."""

import re
from dataclasses import replace

from bot.contract import ReplyType
from bot.engine import asking, minors, phrases, repeats, sentences
from bot.engine import form as forms
from bot.engine.person import to_person
from bot.engine.state import Form, Option, State
from bot.engine.talk import Talk, digest, understand
from core.text.normalise import normalise
from intents import RequestType, Understanding
from intents.categories import tree

FEWEST_WORDS = 12  # characters from which a sentence without a category is a matter all the same
FEWEST_WORDS_OF_A_SUBJECT = 8  # the same where the subject is known, but not what of it
LIKELY_CATEGORIES = 3
RUNNERS_UP = 2  # that staff are shown
FEWEST_SIGNS = 4  # characters that are left of an account
LONGEST_PLACE = 20  # characters that say only where it is
LEAST_LIKELY = 0.15  # confidence from which a subject is worth offering

# Where the matter before is.
_THERE = re.compile(r"那里|那儿|那边|那地方|同一个?(?:地方|位置)|[还也]是[这那][里儿]")
# Of a place of its own that no gazetteer may know: it is asked for.
_ELSEWHERE = re.compile(
    r"公园|学校|[小中大]学|幼儿园|市场|医院|车站|地铁|高速|单位|公司|工地|超市|商场|银行|老家|村|我[爸妈爷奶]家"
)


_CALLED = r"老师|同志|师傅|领导|美女|帅哥|小?姑娘|大姐|大哥|小伙子"
_PREFACE = re.compile(
    rf"^(?:(?:{_CALLED}|喂|嗨)?(?:您好|你好|你们好)[哈啊呀]*[\s,，。!！]*|(?:{_CALLED}|喂|嗨)[哈啊呀]*[\s,，。!！]+)*"
    r"(?:(?:我们?)?(?:想|要|来)*(?:反映|投诉|说|讲|报|问|咨询)(?:一下)?(?:这?[一两二三四五六几\d])?[个件](?:事儿?|事情|问题|情况)[,，:：。\s]*)?"
    r"(?:另外(?=[我咱,，、\s])|还有(?:就是|一?[个件](?:事儿?|问题))|第[一二三四五六](?:[个件](?:事儿?)?)?)?[、,，:：\s]*"
)


async def start(
    talk: Talk, description: str, *, category: str | None = None, question: bool = False, together: bool = False
) -> None:
    """Begin the form with what was said of the matter.

    `category`: the citizen chose it; `question`: the knowledge base had no answer, a department is to give it;
    `together`: it was told with the matter before, so its place is the same where it names none.
    """
    mark, description = digest(description), bare_account(description)
    understood = await understand(description)
    form = forms.new(understood, description, category=category, question=question)
    form.matter = mark
    form.media = [*talk.state.photos, *talk.turn.media]
    talk.state.photos = []
    named = sentences.absorb(form, understood, description)
    if named and form.category is None and sentences.nothing_more(form, description, understood):
        form.description = ""  # a number, a place, a time, told before the matter
    placed = bool(form.place.text)
    take_over(talk.state, form, together=together or bool(_THERE.search(description)))
    if form.place.text and not placed:
        talk.opening += talk.word("several.same_place", place=asking.place_words(form))
    if not question and not any(reply.type is ReplyType.ANSWER for reply in talk.replies):
        talk.state.article = ""  # 要多少钱 is no longer of what was answered before
    if talk.state.speaker.minor:
        minors.spare(form)
    talk.state.form = form
    talk.state.misunderstood = 0
    talk.state.understood = brief(understood)
    await asking.proceed(talk)


def bare_account(text: str) -> str:
    """Return an account without what only leads up to it: 老师你好，我要反映三个事，第一; 另外."""
    bare = _PREFACE.sub("", text)
    return bare if len(bare) >= FEWEST_SIGNS else text


def take_over(state: State, form: Form, *, together: bool) -> None:
    """Take contact and place from the matter before, where they fit: the summary reads them back."""
    citizen = state.citizen
    if citizen is not None and not form.phone:
        form.name, form.phone = form.name or citizen.name, citizen.phone
        form.settled += ["contact"] if citizen.unnamed else []
    here = not _ELSEWHERE.search(normalise(form.description))
    if together and state.place is not None and "where" in form.wanted and not form.place.text and here:
        form.place = replace(state.place)


def brief(understood: Understanding) -> dict[str, object]:
    """Return of an understanding what staff want to know of it."""
    category = understood.category
    return {
        "request_type": str(understood.request_type),
        "category": category.code if category else None,
        "path": list(category.path) if category else [],
        "confidence": round(category.confidence, 3) if category else None,
        "urgency": str(understood.urgency),
        "evidence": list(understood.evidence),
        "words": list(understood.words),
        "doubtful_identity_numbers": len(understood.entities.doubtful_identity_numbers),
        "alternatives": [
            {"code": each.code, "path": list(each.path), "confidence": round(each.confidence, 3)}
            for each in understood.alternatives[:RUNNERS_UP]
        ],
    }


async def told_again(talk: Talk) -> bool:
    """Take the account of the open form, sent a second time, as no news."""
    form = talk.state.form
    if form is None or form.matter != digest(talk.text):
        return False
    talk.say("repeat.form", why={"rule": "repeated"})
    await asking.proceed(talk)
    return True


async def begin(talk: Talk) -> bool:
    """Begin a form when the turn tells of a matter; if it may be that of a ticket opened here, ask first."""
    understood = await talk.understood()
    fewest = FEWEST_WORDS if understood.category is None else FEWEST_WORDS_OF_A_SUBJECT
    beforehand = {"where", "contact"} & sentences.named_elements(understood)
    if not is_clear(understood) and len(talk.plain) < fewest and not beforehand:
        return False
    if not await repeats.same_matter(talk):
        await start(talk, talk.text)
    return True


async def placed(talk: Talk) -> bool:
    """Begin the form of what was asked, and not answered, where a few words only say where it is."""
    understood, question = await talk.understood(), talk.state.question
    precise = any(each.road or each.landmark or each.number for each in understood.entities.addresses)
    if not question or not precise or is_clear(understood) or talk.state.form is not None:
        return False
    if len(talk.plain) > LONGEST_PLACE or phrases.says("question", talk.plain):
        return False
    await start(talk, f"{question.splitlines()[0]}，{talk.text}")
    return True


def is_clear(understood: Understanding) -> bool:
    """Say whether the subject is a leaf of the tree."""
    return understood.category is not None and not tree()[understood.category.code].children


async def beside_insult(talk: Talk) -> bool:
    """Say whether a matter of its own is left of an angry text when the clauses with an insult are taken out."""
    clauses = re.split(r"[，,。.!！？?；;\s]+", talk.plain)
    civil = [clause for clause in clauses if clause and not phrases.says("abuse", clause)]
    if not civil or len(civil) == len(clauses):
        return False
    left = await understand("，".join(civil))
    return left.statutory is None and (left.category is not None or bool(left.entities.addresses))


async def another(talk: Talk) -> bool:
    """Begin a form after all, when the citizen says that it is not the matter of the ticket."""
    command = talk.state.command
    if command is None or talk.chosen() != "another":
        return False
    talk.state.command = None
    await start(talk, command.text)
    return True


async def clarify(talk: Talk) -> bool:
    """Ask one open question with likely subjects; the second time in a row offer a person."""
    state = talk.state
    state.misunderstood += 1
    if state.misunderstood > 1:
        state.question = f"{state.question}\n{talk.text}".strip()
        why = {"rule": "misunderstood", "times": state.misunderstood}
        talk.offer("clarify.person", expects="offer", options=talk.options("person", "ticket"), why=why)
        return True
    state.question = talk.text
    understood = await talk.understood()
    likely = [each.code for each in understood.alternatives if each.confidence >= LEAST_LIKELY][:LIKELY_CATEGORIES]
    why = {"rule": "misunderstood", "likely": likely}
    if likely and state.locale == "zh_CN":
        options = [Option(code, tree()[code].name) for code in likely] + talk.options("other", "person")
        talk.offer("clarify.which", expects="clarify", options=options, why=why)
    else:
        talk.offer("clarify.what", expects="clarify", options=talk.options("person"), why=why)
    return True


async def category_chosen(talk: Talk) -> bool:
    """Take the subject that the citizen chose, or a few words that complete what was said before."""
    chosen = talk.chosen()
    if chosen is None and len(talk.plain) <= FEWEST_WORDS:
        whole = f"{talk.state.question}，{talk.text}"
        understood = await understand(whole)
        if is_clear(understood) and understood.request_type is not RequestType.CONSULTATION:
            await start(talk, whole)
            return True
    if chosen == "person":
        await to_person(talk, "not_understood")
    elif chosen == "other":
        talk.state.expect("")
        talk.say("small.go_on", why={"rule": "other"})
    elif chosen is not None:
        await start(talk, talk.state.question, category=chosen)
    return chosen is not None
