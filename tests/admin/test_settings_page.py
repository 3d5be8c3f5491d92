from admin import settings_page
from core.settings import ROOT, Settings


def test_the_page_in_docs_is_the_settings_of_the_code() -> None:
    """Mended by `./yitong settings --markdown > docs/settings.md`."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page.markdown()


def test_every_setting_is_listed_and_says_what_it_is_for() -> None:
    listed = {row["setting"]: row["description"] for row in settings_page.rows()}
    assert set(listed) == {f"YITONG_{name.upper()}" for name in Settings.model_fields}
    assert all(listed.values())


def test_a_secret_is_never_shown(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(settings_page, "settings", lambda: Settings(twilio_auth_token="s3cret-value"))  # type: ignore[arg-type]
    shown = {row["setting"]: row["value"] for row in settings_page.rows()}
    assert shown["YITONG_TWILIO_AUTH_TOKEN"] == "set"
    assert "s3cret-value" not in str(settings_page.rows())
