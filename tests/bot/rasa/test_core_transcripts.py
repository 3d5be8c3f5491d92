"""The core transcripts against a real Rasa server, and what becomes of a conversation when it dies."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import queue
from bot.rasa import RasaEngine, place
from core.settings import settings
from tests.bot.test_transcripts import TRANSCRIPTS, converse
from tests.processes import RasaServer, free_port

pytestmark = pytest.mark.rasa

CORE = [param for param in TRANSCRIPTS if param.values[0].get("core")]
FEWEST = 40
RESPONSES = """responses:
  utter_ask_contact:
  - text: 怎么联系您？
  utter_colleague:
  - text: 我请同事来。
"""
RULES = """version: "3.1"
rules:
- rule: Abuse goes to a person
  steps:
  - intent: abuse
  - action: utter_colleague
  - action: action_hand_over
"""
AGAIN = "  - action: action_clarify\n  - intent: unclear\n"


@pytest.fixture
def rasa(rasa_server: RasaServer, set_to_rasa: Callable[[str], RasaEngine]) -> RasaEngine:
    return set_to_rasa(rasa_server.address)


def test_there_are_enough_of_them() -> None:
    assert len(CORE) >= FEWEST


@pytest.mark.parametrize("transcript", CORE)
async def test_core_transcript(transcript: dict[str, Any], rasa: RasaEngine, line: Any) -> None:
    await converse(line, transcript)
    assert rasa.rests_until is None, "the built-in engine had to help out"


async def test_when_rasa_dies_between_two_turns_the_citizen_notices_nothing(
    rasa: RasaEngine, rasa_server: RasaServer, line: Any
) -> None:
    async with line() as made:
        await made.say("路灯坏了三天了")
        rasa_server.stop()
        replies = await made.say("南山路18号")
        assert [str(reply.type) for reply in replies] == ["text", "choice"]
        assert rasa.rests_until is not None
        rasa_server.start()
        replies = await made.say("我姓王，13800138000")
        assert [str(reply.type) for reply in replies] == ["ticket", "text"]
        assert rasa.rests_until is None, "Rasa has gone on with what the built-in engine had taken"
        assert len((await made.state())["tickets"]) == 1


async def test_who_changes_the_project_changes_the_conversation(
    data_folder: Path,
    set_to_rasa: Callable[[str], RasaEngine],
    line: Any,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    project = tmp_path / "project"
    shutil.copytree(settings().rasa_project, project)
    change(project / "domain.yml", "    - where\n", "")
    change(project / "domain.yml", "    - contact\n", "    - contact\n    - where\n")
    change(project / "domain.yml", "- action_ask_contact\n", "")
    change(project / "domain.yml", "\nsession_config", f"\n{RESPONSES}\nsession_config")
    change(project / "data" / "rules.yml", "    - intent: abuse\n", "")
    (project / "data" / "own.yml").write_text(RULES)
    change(
        project / "data" / "stories.yml", f"{AGAIN}  - action: action_clarify", f"{AGAIN}  - action: action_hand_over"
    )
    server = RasaServer(data_folder, free_port())
    request.addfinalizer(server.stop)
    server.start(YITONG_RASA_PROJECT=str(project))
    engine = set_to_rasa(server.address)
    async with line() as made:
        replies = await made.say("路灯坏了三天了")
        assert replies[-1].text == "怎么联系您？", "the contact before the place, and in the project's words"
        replies = await made.say("我姓王，13800138000")
        assert replies[-1].data["element"] == "where"
        replies = await made.say("傻逼")
        assert [reply.text for reply in replies][:1] == ["我请同事来。"]
        assert await queue.position(made.session, made.id) == 1
    async with line() as made:
        await made.say("你好")
        replies = await made.say("那个东西不行")
        assert "转人工" not in replies[0].text and await queue.position(made.session, made.id) is None
        await made.say("就那样呗")
        assert await queue.position(made.session, made.id) == 1, "the story knows that it is the second time"
    assert engine.rests_until is None


def test_rasa_finds_nothing_to_say_about_the_project(tmp_path: Path) -> None:
    """By its own command, which a person would type without any setting of ours."""
    project = tmp_path / "project"
    shutil.copytree(settings().rasa_project, project)
    command = [place.python().with_name("rasa"), "data", "validate", "--fail-on-warnings"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "is not found" not in done.stdout + done.stderr and "is not used" not in done.stdout + done.stderr


def change(file: Path, what: str, into: str) -> None:
    text = file.read_text()
    assert text.count(what) == 1
    file.write_text(text.replace(what, into))
