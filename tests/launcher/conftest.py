"""A copy of the script, as it comes and installed."""

from pathlib import Path

import pytest

from tests.launcher.copies import Copy


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture
def installed(copy: Copy) -> Copy:
    assert copy.run("doctor").returncode == 0
    copy.calls()
    return copy
