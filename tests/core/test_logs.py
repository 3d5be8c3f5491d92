import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core import logs

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], Lines]]:
    """Configures the logs from inside the test, where standard error is the captured one; returns what reads them."""
    root = logging.getLogger()
    level = root.level

    def configure() -> Lines:
        logs.configure(style="json")
        return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield configure
    logs.configure(level=logging.getLevelName(level))


def test_personal_fields_never_reach_the_log(configured: Callable[[], Lines]) -> None:
    lines = configured()
    structlog.get_logger().info("opened", number="1", phone="13800138000", description="解放路", n={"name": "王"})
    (line,) = lines()
    assert line["number"] == "1"
    assert line["phone"] == line["description"] == "[hidden]"
    assert line["n"] == {"name": "[hidden]"}


def test_numbers_inside_other_texts_are_masked(configured: Callable[[], Lines]) -> None:
    lines = configured()
    logging.getLogger("some.library").warning("could not call %s", "13800138000")
    (line,) = lines()
    assert line["event"] == "could not call 138****8000"


def test_a_traceback_is_masked_too(configured: Callable[[], Lines]) -> None:
    lines = configured()
    try:
        raise ValueError("13800138000")
    except ValueError:
        structlog.get_logger().error("failed", exc_info=True)
    (line,) = lines()
    assert "ValueError" in str(line["exception"])
    assert "13800138000" not in json.dumps(line)


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_no_variable(
    configured: Callable[[], Lines], capsys: pytest.CaptureFixture[str], style: str
) -> None:
    configured()
    logs.configure(style=style)
    said = "和平路的" + "油烟"

    def answer(words: str) -> None:
        raise LookupError(len(words))

    try:
        answer(said)
    except LookupError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    assert "LookupError" in written and "answer(said)" in written
    assert said not in written


async def test_the_row_that_the_database_refused_is_not_shown(
    configured: Callable[[], Lines], session: AsyncSession
) -> None:
    lines = configured()
    await session.execute(text("create temporary table said (words text check (length(words) < 5))"))
    said = "和平路3号\n" + "半夜油烟大"
    try:
        await session.execute(text("insert into said values (:words)"), {"words": said})
    except IntegrityError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert "CheckViolation" in str(line["exception"]) and "Background on this error" in str(line["exception"])
    assert "Failing row" not in str(line) and "油烟大)" not in str(line)


def test_configuring_twice_writes_each_line_once(configured: Callable[[], Lines]) -> None:
    configured()
    lines = configured()
    structlog.get_logger().info("said")
    assert len(lines()) == 1
