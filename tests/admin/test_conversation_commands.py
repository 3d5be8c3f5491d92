"""`conversation show`: what the line remembers of a conversation, in words, with names and numbers hidden."""

import asyncio
import json

import typer
from click.testing import Result

from admin.commands import conversation as module
from bot import conversations
from bot.engine.state import Form, KnownTicket, Place, State, Told
from core import database
from tests.admin.command_line import invoke

app = typer.Typer()
module.register(app)

STATE = State(
    expects="contact",
    form=Form(
        description="南山路18号路灯坏了三天了，联系13800138000",
        category="utilities.lighting.lamp_out",
        category_name="路灯不亮",
        place=Place("南山路18号", "wangjiang"),
        happened="三天",
        name="王小明",
        phone="13800138000",
        wanted=["what", "where", "when", "contact", "hours"],
    ),
    waiting=[Told("楼下烧烤太吵，打13900139000没人接")],
    aside=[Form(category_name="违法停车", place=Place("滨江大道20号", "wangjiang"))],
    tickets=[KnownTicket("20261122-000001", "ACDEFG")],
)


async def call(*arguments: str) -> Result:
    await database.dispose()  # the command has a loop and an engine of its own
    return await asyncio.to_thread(invoke, app, "conversation", "show", *arguments)


async def test_it_is_shown_in_words_and_masked(committing: None) -> None:
    async with database.transaction() as session:
        opened, _ = await conversations.open(session, channel="web")
        opened.state = json.dumps(STATE.as_json())
    shown = (await call(opened.id)).stdout
    assert "路灯不亮" in shown and "望江区南山路18号" in shown and "王** 138****8000" in shown
    assert "等着办的  楼下烧烤太吵，打139****9000没人接" in shown and "先放下的  违法停车" in shown
    assert "还缺  时段" in shown and "20261122-000001" in shown
    assert not any(secret in shown for secret in ("13800138000", "13900139000", "王小明", "ACDEFG"))
    whole = json.loads((await call(opened.id, "--json")).stdout)
    assert whole["matter"]["missing"] == ["hours"] and whole["matter"]["phone"] == "138****8000"


async def test_an_unknown_one_is_said_in_a_sentence(committing: None) -> None:
    done = await call("nobody")
    assert done.exit_code == 1 and done.stderr.strip() == "没有这个对话。"
