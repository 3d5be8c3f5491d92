"""Importing files as staff do it: sent once, read by a job, told line by line."""

import re

import httpx
import pytest

from admin.staff.knowledge import importing
from core import jobs
from kb.articles import uploads
from tests.admin.staffing import World
from tests.kb.formats import writing

PART = {"HX-Request": "true", "HX-Trigger": "import"}
GUIDE = writing.docx([(0, "台灯保修指南"), "到窗口办理。"])
FILES = [("files", ("指南.docx", GUIDE)), ("files", ("a.exe", b"MZ\x00"))]


async def sent(browser: httpx.AsyncClient, **said: str) -> str:
    answer = await browser.post("/knowledge/import", files=FILES, data=said, headers=PART)
    assert answer.status_code == 204, answer.text
    return str(answer.headers["HX-Redirect"])


async def test_the_report_links_the_drafts_and_says_why_others_were_left_out(world: World) -> None:
    async with world.browser("lamps") as browser:
        report = await sent(browser)
        waiting = (await browser.get(report)).text
        assert "every 1s" in waiting and "台灯保修指南" not in waiting
        await jobs.run_due()
        done = (await browser.get(report)).text
        assert "every 1s" not in done
        assert done.index("a.exe") < done.index("台灯保修指南")  # what needs somebody comes first
        assert "没有导入" in done and 'href="/knowledge/zhi-nan-' in done
        assert report in (await browser.get("/knowledge/import")).text
        assert "台灯保修指南" in (await browser.get("/knowledge?tab=drafts")).text


async def test_what_the_files_do_not_say_is_said_for_all(world: World) -> None:
    async with world.browser("editor") as browser:
        report = await sent(browser, department="urban_management", subject="市政", review_due="2027-11-22")
        await jobs.run_due()
        [link] = re.findall(r'href="(/knowledge/zhi-nan[^"]*)"', (await browser.get(f"{report}?part=true")).text)
        edit = await browser.get(f"{link}/edit")
    assert all(said in edit.text for said in ('value="市政"', 'value="2027-11-22"'))


async def test_who_does_not_write_does_not_import(world: World) -> None:
    async with world.browser("lin") as browser:
        assert (await browser.get("/knowledge/import")).status_code == 403
        assert (await browser.post("/knowledge/import", files=FILES, headers=PART)).status_code == 403
        assert "/knowledge/import" not in (await browser.get("/knowledge")).text
    async with world.client("lin") as client:
        assert (await client.post("/api/v1/staff/knowledge/import", files=FILES)).status_code == 403


async def test_another_department_sees_nothing_of_it(world: World) -> None:
    async with world.browser("lamps") as browser:
        report = await sent(browser)
    async with world.browser("power") as browser:
        assert (await browser.get(report)).status_code == 404
        answer = await browser.post("/knowledge/import", files=FILES, data={"department": "water"}, headers=PART)
        assert answer.status_code in {403, 422}


async def test_a_refusal_is_said_beside_the_button(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.browser("editor") as browser:
        nothing = await browser.post("/knowledge/import", data={"subject": "市政"}, headers=PART)
        assert nothing.status_code == 422 and nothing.headers["HX-Retarget"] == "#import-refusal"
        monkeypatch.setattr(uploads, "MOST", 1)
        assert "最多导入1个文件" in (await browser.post("/knowledge/import", files=FILES, headers=PART)).text
        monkeypatch.setattr(importing, "LARGEST", 10)
        assert (await browser.post("/knowledge/import", files=FILES, headers=PART)).status_code == 413


async def test_programs_send_files_and_ask_for_the_report(world: World) -> None:
    async with world.client("zhou") as client:
        answer = await client.post("/api/v1/staff/knowledge/import", files=FILES, data={"subject": "市政"})
        assert answer.status_code == 202 and not answer.json()["done"]
        await jobs.run_due()
        report = (await client.get(f"/api/v1/staff/knowledge/import/{answer.json()['id']}")).json()
    assert (report["done"], report["share"], report["counts"]) == (True, 1, {"added": 1, "refused": 1})
    assert report["files"] == ["指南.docx", "a.exe"]
    added, refused = report["lines"]
    assert added["draft"] and added["article"] and refused["sentence"]
