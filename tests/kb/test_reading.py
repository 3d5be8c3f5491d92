"""A bad file becomes a line of the report that names file, place and what to do; the rest goes on."""

from pathlib import Path

import pytest

from core.errors import BadInput
from kb.articles import reading
from kb.articles.reading import Problem, Read
from tests.kb.conftest import Write


def problems(path: Path) -> list[tuple[str, str]]:
    return [(each.place, each.sentence) for each in reading.folder(path) if isinstance(each, Problem)]


def test_markdown_gives_its_fields(write: Write) -> None:
    [read] = reading.folder(write(effective="2026-01-01", expires="2026-12-31"))
    assert isinstance(read, Read)
    assert (read.document.id, read.document.questions) == ("lamp-warranty", ("台灯不亮能换吗",))
    assert read.document.body.startswith("台灯在一年内")
    assert str(read.document.expires) == "2026-12-31"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"id": "../../etc/passwd"}, "id"),
        ({"id": "大写"}, "id"),
        ({"title": None}, "title"),
        ({"basis": '""'}, "basis"),
        ({"reviewed": "soon"}, "reviewed"),
        ({"review_due": "2020-01-01"}, "review_due"),
        ({"effective": "2026-05-01", "expires": "2026-04-01"}, "expires"),
        ({"audience": "[everyone]"}, "audience.0"),
        ({"audience": "[]"}, "audience"),
        ({"author": "x"}, "author"),
        ({"state": "withdrawn"}, "state"),
    ],
)
def test_a_wrong_field_is_named(write: Write, fields: dict[str, str | None], place: str) -> None:
    folder = write()
    broken = folder / "broken.md"
    sound = (folder / "lamp-warranty.md").read_text()
    head = [line for line in sound.split("---\n")[1].splitlines() if line.split(":")[0] not in fields]
    head += [f"{key}: {value}" for key, value in fields.items() if value is not None]
    broken.write_text("---\n" + "\n".join(head) + "\n---\n正文。\n")
    found = problems(folder)
    assert found[0][0] == place
    assert found[0][1].endswith("。")


@pytest.mark.parametrize(
    "text", ["no front matter", "---\nid: x\n正文", "---\n- a\n---\n正文", "---\nid: [\n---\n正文", ""]
)
def test_a_file_without_sound_front_matter_is_reported(write: Write, text: str) -> None:
    folder = write()
    (folder / "broken.md").write_text(text)
    assert len(problems(folder)) == 1
    assert len(list(reading.folder(folder))) == 2


def test_an_article_needs_something_to_quote(write: Write) -> None:
    assert [place for place, _ in problems(write(body="## 费用\n\n"))] == ["body"]


def test_a_file_over_a_megabyte_is_left_out(write: Write) -> None:
    [(_, sentence)] = problems(write(body="很长。" * 200_000))
    assert "1兆字节" in sentence


def test_a_link_that_leads_out_of_the_folder_is_not_followed(write: Write, tmp_path: Path) -> None:
    folder = write()
    secret = tmp_path / "secret.md"
    secret.write_text((folder / "lamp-warranty.md").read_text().replace("lamp-warranty", "secret"))
    (folder / "link.md").symlink_to(secret)
    assert [sentence for _, sentence in problems(folder)] == ["文件指向文件夹之外，没有读取。"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        list(reading.folder(tmp_path / "missing"))
