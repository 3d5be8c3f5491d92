"""Where a ticket stands, said to its citizen."""

from datetime import datetime
from typing import Any

from bot.contract import ReplyType
from bot.engine.state import Command
from bot.engine.talk import Talk
from bot.receipts import moment_words, track_url
from routing.clock_rows import ClockState


async def say_status(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    """Say where the ticket is, with whom, and until when; then its result."""
    talk.state.command = None
    talk.state.expect("")
    english = talk.state.locale == "en"
    state_name = talk.word(f"state.{status['state']}") if english else status["state_name"]
    sentences = [talk.word("command.status.state", number=status["number"], title=status["title"], state=state_name)]
    if status["department"] and status["state"] in {"dispatched", "accepted", "suspended", "merged", "replied"}:
        sentences.append(talk.word("command.status.department", department=status["department"]))
    due = next((each for each in status["clocks"] if each["kind"] == "resolve" and not each["met_at"]), None)
    if due and status["state"] not in {"replied", "closed", "withdrawn"}:
        how = {ClockState.OVERDUE: ".late", ClockState.PAUSED: ".paused"}.get(ClockState(due["state"]), "")
        moment = moment_words(datetime.fromisoformat(due["due_at"]), talk.state.locale)
        sentences.append(talk.word(f"command.status.due{how}", due=moment))
    if status["result"]:
        sentences.append(talk.word("command.status.result", result=status["result"].rstrip("。.")))
    if "rate" in status["may"]:
        sentences.append(talk.word("command.status.rate"))
    elif "dispute" in status["may"]:
        sentences.append(talk.word("command.status.dispute"))
    talk.say_text(
        "".join(sentences) if not english else " ".join(sentences),
        type=ReplyType.TICKET,
        data={
            "number": status["number"],
            "code": command.code,
            "state": status["state"],
            "due_at": due["due_at"] if due else None,
            "url": track_url(status["number"]),
        },
        why={"rule": "command", "command": "status"},
    )
