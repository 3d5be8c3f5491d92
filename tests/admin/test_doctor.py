from datetime import UTC, datetime
from pathlib import Path

import pytest

from admin import doctor
from core import clock, database, versions
from core.errors import BadInput
from core.settings import settings


async def found(check: str) -> doctor.Finding:
    return {finding.check: finding for finding in await doctor.examine()}[check]


async def test_the_sample_city_fits_together(migrated: None) -> None:
    with clock.set_to(datetime(2025, 6, 1, tzinfo=UTC)):
        levels = {finding.check: (finding.level, finding.sentence) for finding in await doctor.examine()}
    assert levels.pop("safety")[0] == "warning"  # the sample's gas number is invented
    assert {check: level for check, (level, _) in levels.items() if level != "ok"} == {}, levels


async def test_a_year_without_a_notice_is_named(migrated: None) -> None:
    with clock.set_to(datetime(2030, 6, 1, tzinfo=UTC)):
        finding = await found("clocks")
    assert finding.level == "warning"
    assert "2030, 2031" in finding.sentence


async def test_a_check_that_fails_does_not_stop_the_next(migrated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> str:
        raise BadInput("The file is broken.")

    monkeypatch.setitem(doctor.CHECKS, "taxonomy", broken)
    finding = await found("taxonomy")
    assert (finding.level, finding.sentence) == ("failed", "The file is broken.")
    assert (await found("doors")).level == "ok"


async def test_an_open_door_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from core.settings import Settings

    monkeypatch.setattr(doctor, "settings", lambda: Settings(wechat_token="t"))  # type: ignore[arg-type]
    finding = await found("doors")
    assert finding.level == "warning"
    assert "YITONG_PUBLIC_URL" in finding.sentence


async def test_wechat_in_plain_mode_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import Settings

    given = Settings(wechat_token="t", public_url="https://line.example")  # type: ignore[arg-type]
    monkeypatch.setattr(doctor, "settings", lambda: given)
    finding = await found("doors")
    assert finding.level == "warning"
    assert "plain mode" in finding.sentence


async def test_it_says_whether_open311_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import Settings

    assert "Open311 closed" in (await found("doors")).sentence
    monkeypatch.setattr(doctor, "settings", lambda: Settings(open311_keys="k" * 16))  # type: ignore[arg-type]
    assert "Open311 open" in (await found("doors")).sentence


async def test_a_mailbox_that_is_half_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import Settings

    monkeypatch.setattr(doctor, "settings", lambda: Settings(email_address="12345@city.example"))
    finding = await found("doors")
    assert finding.level == "warning"
    assert "YITONG_EMAIL_SECRET and YITONG_EMAIL_SMTP_URL" in finding.sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADDRESS", "热线 <12345@city.example>"),
        ("SECRET", "too short"),
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtp://user@mail.example"),
        ("SMTP_URL", "smtp://mail.example:port"),
    ],
)
async def test_a_mailbox_setting_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"YITONG_EMAIL_{name}", value)
    monkeypatch.setattr(doctor, "settings", settings.__wrapped__)
    (finding,) = await doctor.examine()
    assert f"YITONG_EMAIL_{name}" in finding.sentence
    assert value not in finding.sentence


async def test_a_setting_that_makes_no_sense_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YITONG_MESSAGE_RATE", "a few")
    monkeypatch.setattr(doctor, "settings", settings.__wrapped__)
    (finding,) = await doctor.examine()
    assert (finding.check, finding.level) == ("settings", "failed")
    assert "YITONG_MESSAGE_RATE" in finding.sentence


async def test_a_trained_classifier_that_does_not_answer_is_named(committing: None) -> None:
    async with database.transaction() as session:
        made = await versions.store(session, "categories", files={"categories.npz": b"other"}, figures={}, about={})
        await versions.put_in_service(session, made)
    finding = await found("classifier")
    assert finding.level == "warning"
    assert f"Version {made.id} of the classifier does not answer" in finding.sentence
