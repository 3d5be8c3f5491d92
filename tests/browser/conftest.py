"""A line of its own, Chromium, and pictures of what it shows."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes import Line

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

type_picture = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    made = Line(tmp_path_factory.mktemp("browser") / "a line")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> type_picture:
    folder = Path(request.config.getoption("--screenshots") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # fonts and transitions; nothing is asserted on it
        page.screenshot(path=folder / f"{name}.png")

    return take


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        made.close()
