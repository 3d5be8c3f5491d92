import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

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
    root.handlers[:] = [each for each in root.handlers if each.get_name() != logs.HANDLER]
    root.setLevel(level)
    structlog.reset_defaults()


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


def test_configuring_twice_writes_each_line_once(configured: Callable[[], Lines]) -> None:
    configured()
    lines = configured()
    structlog.get_logger().info("said")
    assert len(lines()) == 1
