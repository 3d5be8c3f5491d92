"""The pages: rendered whole, in both languages, with nothing that the content security policy forbids."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from channels.web import texts
from core.messages import Catalogue
from routing.clock_rows import ClockState

WEB = Path(texts.__file__).parent
PAGES = ("/", "/widget", "/track")


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def keys() -> Iterator[str]:
    for page in (WEB / "templates").glob("*.html"):
        yield from re.findall(r"\bt\('([\w.]+)'[,)]", page.read_text())


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_page_holds_to_the_content_security_policy(client: httpx.AsyncClient, path: str, language: str) -> None:
    page = (await client.get(path, params={"lang": language})).text

    for tag, attributes in Elements(page).found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], (tag, attributes)
        assert tag != "style"
        assert tag != "script" or (attributes.get("src") or "").startswith("/static/")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_whole(client: httpx.AsyncClient, path: str) -> None:
    elements = Elements((await client.get(path)).text).found

    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    fields = [
        attributes
        for tag, attributes in elements
        if tag in {"input", "textarea"} and attributes.get("type") != "hidden"
    ]
    labelled = {attributes.get("for") for tag, attributes in elements if tag == "label"}
    assert all("aria-label" in each or each["id"] in labelled for each in fields)
    linked = [
        attributes.get("href") or attributes.get("src") or ""
        for tag, attributes in elements
        if tag in {"link", "script", "img"}
    ]
    for address in linked:
        if address.startswith("/static/web/"):
            assert (WEB / "static" / address.removeprefix("/static/web/").split("?")[0]).is_file()


async def test_the_language_is_asked_for_or_preferred_or_chinese(client: httpx.AsyncClient) -> None:
    async def language(**request: dict[str, str]) -> str:
        return re.search(r'<html lang="([\w-]+)"', (await client.get("/", **request)).text)[1]  # type: ignore[arg-type,index]

    assert await language() == "zh-CN"
    assert await language(headers={"Accept-Language": "en-GB,en;q=0.9"}) == "en"
    assert await language(headers={"Accept-Language": "en"}, params={"lang": "zh"}) == "zh-CN"
    assert await language(headers={"Accept-Language": "fr"}) == "zh-CN"


def test_every_word_of_the_pages_is_in_both_languages() -> None:
    wanted = {*keys(), *(f"clock.{state}" for state in ClockState)}
    english = Catalogue(WEB / "locale")

    assert len(wanted) > 60
    assert [key for key in wanted if not english.has(key)] == []
    written = (WEB / "locale" / "en.po").read_text()
    assert [key for key in wanted if f'msgid "{key}"\nmsgstr ""' in written] == []


async def test_the_form_leads_to_the_ticket(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    number, code = ticket
    page = await client.post("/track", data={"number": number, "code": code})

    assert page.status_code == 200
    assert number in page.text
    assert "幸福路口的路灯不亮" in page.text
    assert "催办" in page.text
    assert 'action="/track/urge"' in page.text


async def test_a_wrong_code_leads_back_to_the_form(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    page = await client.post("/track", data={"number": ticket[0], "code": "AAAAAA"})

    assert page.status_code == 404
    assert 'role="alert"' in page.text
    assert "幸福路口" not in page.text
    assert "AAAAAA" not in page.text


async def test_htmx_gets_the_middle_of_the_page(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    page = await client.post("/track", data={"number": ticket[0], "code": "AAAAAA"}, headers={"HX-Request": "true"})

    assert page.status_code == 200
    assert "<html" not in page.text
    assert 'role="alert"' in page.text


async def test_the_status_is_sent_again_only_when_it_has_changed(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    asked = {"number": ticket[0], "code": ticket[1]}
    first = await client.post("/track/status", data=asked)
    seen = re.search(r'"seen": "(\w+)"', first.text)[1]  # type: ignore[index]

    assert (await client.post("/track/status", data=asked | {"seen": seen})).status_code == 204
    await client.post("/track/supplement", data=asked | {"text": "杆号 A-102"})
    changed = await client.post("/track/status", data=asked | {"seen": seen})
    assert changed.status_code == 200
    await client.post("/track/withdraw", data=asked)
    withdrawn = await client.post("/track/status", data=asked | {"seen": seen, "may": "urge supplement withdraw"})
    assert 'hx-swap-oob="true"' in withdrawn.text
    assert "/track/urge" not in withdrawn.text


async def test_what_a_citizen_typed_is_never_markup(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    page = await client.get("/track", params={"number": '"><script>x'})

    assert "<script>x" not in page.text


async def test_a_refused_command_says_why_on_the_page(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    asked = {"number": ticket[0], "code": ticket[1]}
    done = await client.post("/track/urge", data=asked)
    again = await client.post("/track/urge", data=asked)

    assert "已经提醒承办单位" in done.text
    assert 'role="alert"' in again.text
    assert ticket[0] in again.text
