"""What rows are written with."""

import secrets

import pytest
from sqlalchemy import Column, String

from core import rows


def test_a_default_that_is_another_each_time_is_refused_rather_than_written_twice() -> None:
    with pytest.raises(TypeError, match="another default each time"):
        rows._written(Column("code", String, default=secrets.token_hex))
    assert rows._written(Column("code", String, default=lambda: "same")).default_sql == "'same'"
