"""How long something takes, as pages say it."""

from datetime import timedelta

from admin.staff.pages.drawing import elapsed
from core import clock


def test_less_than_a_minute_is_not_said_as_nought() -> None:
    now = clock.now()
    assert elapsed(now, "zh_CN") == "不到1分钟"
    assert elapsed(now - timedelta(minutes=3, seconds=5), "zh_CN") == "3分"
