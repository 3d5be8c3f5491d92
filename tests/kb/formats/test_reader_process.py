"""One bad file neither stops the run nor eats the machine."""

from pathlib import Path

import pytest

from kb.articles.formats import Found, Reader, Refused
from kb.articles.formats import process as process_module


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.md"
    path.write_text("# 标题\n正文。")
    return path


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_is_read(good: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.html"
    slow.write_text("<html><body>" + "<b>字</b><p>" * 200_000)
    with Reader() as reader:
        [first] = reader.read(good, "good.md")  # the process has started
        reader.seconds = 0.3
        [late] = reader.read(slow, "slow.html")
        reader.seconds = process_module.SECONDS
        [after] = reader.read(good, "good.md")
    assert isinstance(late, Refused) and late.sentence == "读取超过0.3秒，没有导入，请拆分后再导入。"
    assert isinstance(first, Found) and after == first


def test_a_process_that_ends_is_started_again(good: Path) -> None:
    with Reader() as reader:
        list(reader.read(good, "good.md"))
        assert reader._process
        reader._process.kill()
        reader._process.wait()
        [found] = reader.read(good, "good.md")
    assert isinstance(found, Found)


def test_a_file_that_takes_too_much_memory_is_refused(tmp_path: Path, good: Path) -> None:
    wide = tmp_path / "wide.html"
    wide.write_bytes(b"<html><body><p>" + b"<i>x</i>" * 300_000)
    with Reader(memory=120_000_000) as reader:
        [found] = reader.read(wide, "wide.html")
        [after] = reader.read(good, "good.md")
    assert isinstance(found, Refused) and "内存" in found.sentence
    assert isinstance(after, Found)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / "deep.html"
    deep.write_text("<html><body>" + "<div>" * 5_000 + "字")
    with Reader() as reader:
        [found] = reader.read(deep, "deep.html")
    assert isinstance(found, Refused)
    assert "嵌套" in found.sentence
