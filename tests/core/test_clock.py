from datetime import UTC, datetime, timedelta

import pytest

from core import clock


def test_now_is_utc_and_aware() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_turned_clock_stands_still_and_is_put_back() -> None:
    moment = datetime(2026, 2, 16, 1, 30, tzinfo=UTC)
    with clock.set_to(moment):
        assert clock.now() == moment == clock.now()
    assert clock.now() != moment


def test_a_turned_clock_may_go_on() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    with clock.set_to(moment, running=True):
        assert moment <= clock.now() < moment + timedelta(minutes=1)


def test_the_clock_is_put_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), clock.set_to(datetime(2000, 1, 1, tzinfo=UTC)):
        _ = 1 / 0
    assert clock.now().year > 2000


def test_local_time_is_the_citys() -> None:
    assert clock.local(datetime(2026, 1, 1, 16, tzinfo=UTC), "Asia/Shanghai").hour == 0
