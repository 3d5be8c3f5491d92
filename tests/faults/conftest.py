"""One line that is killed again and again: to fill an empty one takes longer than all that is done to it."""

from collections.abc import Iterator

import pytest

from tests.faults.watching import Watched
from tests.processes import REQUEST, TICKETS, Line


@pytest.fixture(scope="package")
def one_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    made = Line(tmp_path_factory.mktemp("faults") / "a line", YITONG_LOG_FORMAT="json")
    made.start()
    try:
        with made.signed_in("agent") as client:
            assert client.post(TICKETS, json=REQUEST).status_code == 201  # the day's first number is given
        yield made
    finally:
        made.stop()


@pytest.fixture
def line(one_line: Line) -> Line:
    """The line, running; a test that leaves it stopped costs the next one a start."""
    if not one_line.is_running():
        one_line.start()
    return one_line


@pytest.fixture
def watched(line: Line) -> Watched:
    return Watched(line)
