"""The ten conversations of docs/conversation.md are what the engine says, word for word."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot import handover
from bot.contract import Reply
from core import clock
from core.city import city

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conversation.md"
TOLD: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "data" / "documented.yaml").read_text())
BEGIN, END = "<!-- conversations: begin -->\n", "<!-- conversations: end -->\n"
FIRST_DAY = "2026-11-18 10:00"
NUMBER, CODE = "20261118-000001", "7KQ4MX"  # these are drawn anew each time


async def test_the_page_shows_what_is_said(line: Any, tmp_path: Path) -> None:
    shown = "\n".join([await _conversation(line, place, each) for place, each in enumerate(TOLD, start=1)])
    before, rest = PAGE.read_text().split(BEGIN)
    written, after = rest.split(END)
    made = tmp_path / "conversation.md"
    made.write_text(f"{before}{BEGIN}{shown}{END}{after}")
    assert written == shown, f"docs/conversation.md says otherwise; as it is now: {made}"


async def _conversation(line: Any, place: int, told: dict[str, Any]) -> str:
    lines = [f"### {place}. {told['title']}", f"*{told['look_at'][0].upper()}{told['look_at'][1:]}.*", ""]
    with ExitStack() as clocks:
        _turn(clocks, FIRST_DAY)
        async with line(told.get("channel", "web"), told.get("peer")) as made:
            if told.get("duty"):
                await made.duty()
            for turn in told["turns"]:
                if "at" in turn:
                    _turn(clocks, turn["at"])
                    lines += ["> *第二天*", ">"]
                lines += [f"> **市民** {turn['say']}", ">"]
                for reply in await made.say(turn["say"]):
                    lines += [f"> **热线** {_words(reply, made)}", ">"]
            await handover.cancel(made.session, made.id)
    return "\n".join([*lines[:-1], ""])


def _turn(clocks: ExitStack, moment: str) -> None:
    here = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(city().time_zone))
    clocks.enter_context(clock.set_to(here))


def _words(reply: Reply, made: Any) -> str:
    said = reply.text.replace("\n", " ")
    number, code = str(reply.data.get("number", "")), str(reply.data.get("code", ""))
    if str(reply.type) == "ticket":
        made.number, made.code = number, code or getattr(made, "code", "")
    for drawn, shown in ((getattr(made, "number", ""), NUMBER), (getattr(made, "code", ""), CODE)):
        said = said.replace(drawn, shown) if drawn else said
    options = [f"〔{option['label']}〕" for option in reply.data.get("options", ())]
    return " ".join([said, "".join(options)]).strip()
