"""A file that cannot be taken says why in one sentence; what a file hides is not taken."""

import io
import zipfile
from pathlib import Path

import pytest

from kb.articles.formats import Found, Merged, Reader, Refused, archive, kinds, packages, sheets, sources
from kb.articles.formats.worker import read
from tests.kb.formats import writing

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
ENTITIES = (
    "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    "<w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
)


def why(content: bytes, name: str) -> str:
    with pytest.raises(Refused) as refused:
        list(read(io.BytesIO(content), name))
    return refused.value.sentence


def taken(content: bytes, name: str) -> Found:
    [found] = read(io.BytesIO(content), name)
    assert isinstance(found, Found)
    return found


def encrypted(content: bytes) -> bytes:
    """Return a ZIP whose entries say that they are encrypted."""
    return content.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01").replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    )


def encrypted_pdf() -> bytes:
    lock = b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>/ID[<00><00>]" % (b"41" * 32, b"42" * 32)
    return writing.picture_pdf().replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Encrypt " + lock + b">>")


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        (b"", "a.docx", "空的"),
        (b"\xef\xbb\xbf  \r\n", "a.md", "空的"),
        (b"PK\x05\x06" + bytes(18), "a.zip", "空的"),
        (OLE, "a.doc", "另存为.docx"),
        (OLE, "a.xls", "另存为.docx或.xlsx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "密码"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "密码"),
        (encrypted(writing.docx(["正文"])), "a.docx", "密码"),
        (encrypted_pdf(), "a.pdf", "密码"),
        (writing.picture_pdf(), "scan.pdf", "扫描的图片"),
        (b"%PDF-1.7\nnothing", "a.pdf", "损坏"),
        (writing.docx(["正文"])[:400], "a.docx", "损坏"),
        (writing.docx([], document=ENTITIES), "a.docx", "外部引用"),
        (writing.docx([], document="<w:document"), "a.docx", "损坏"),
        (writing.docx([(1, "只有标题")]), "a.docx", "没有正文"),
        (writing.zipped({"ppt/presentation.xml": "x"}), "a.pptx", "另存为"),
        (writing.zipped({"a.txt": "x"}), "a.docx", "压缩包"),
        (b"{\\rtf1 text}", "a.doc", "RTF"),
        (b"\x89PNG\r\n\x1a\n", "a.png", "图片"),
        (b"Rar!\x1a\x07\x00", "a.rar", "ZIP"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "a.doc", "存档"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a.txt", "不是能读取的文档"),
        (b"\xff\xff\xff text", "a.txt", "编码"),
        (b"plain text", "a.docx", "内容却不是"),
        (b"plain text", "a.py", "不是能读取的文档"),
        (b"a,b\n1,2\n", "a.csv", "表头"),
        (writing.xlsx({"1": [["姓名", "电话"], ["张三", "1"]]}), "a.xlsx", "表头"),
        (b"---\nid: [\n---\n text", "a.md", "缩进"),
        (b"<html><body><script>steal()</script></body></html>", "a.html", "没有正文"),
        (("字" * 300_001).encode(), "a.txt", "30万字"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(content: bytes, name: str, word: str) -> None:
    sentence = why(content, name)
    assert word in sentence
    assert sentence.endswith("。")


def test_a_document_with_macros_gives_its_text_and_says_so() -> None:
    for name in ("a.docx", "a.docm"):
        found = taken(writing.docx(["正文在这里。"], macro=True), name)
        assert found.fields["body"] == "正文在这里。"
        assert found.notes == ("文档带有宏，只取了文字，宏没有读取。",)


def test_a_name_that_lies_is_read_for_what_it_is_and_says_so() -> None:
    page = "<html><body><h1>标题</h1><p>正文。</p></body></html>".encode()
    for content, name in ((page, "a.doc"), (writing.docx(["正文。"]), "a.pdf"), (page, "a.csv")):
        found = taken(content, name)
        assert found.fields["body"] == "正文。"
        assert "按内容读取" in found.notes[0]
    assert not taken(page, "a.html").notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_comes_in_the_encodings_of_office_programs(encoding: str) -> None:
    assert taken("# 标题\r\n正文：㐂。".encode(encoding), "a.txt").fields == {"title": "标题", "body": "正文：㐂。"}


def test_a_title_that_a_program_wrote_of_itself_is_none() -> None:
    assert taken(writing.docx(["正文。"], core="办事指南"), "a.docx").fields["title"] == "办事指南"
    assert taken(writing.docx(["正文。"], core="Microsoft Word - 新建 文档"), "a.docx").fields["title"] == "a"


def test_a_table_of_a_hundred_thousand_rows_is_refused() -> None:
    rows = "".join(f"问题{number},答案{number}\n" for number in range(100_000))
    assert f"{sheets.LARGEST_LIST}行" in why(f"问题,答案\n{rows}".encode(), "a.csv")
    table = [["甲", "乙"]] + [["一", "二"]] * 6_000
    assert "5000行" in why(writing.html([table]).join(["<html>", "</html>"]).encode(), "a.html")


def test_a_workbook_of_a_hundred_thousand_rows_is_refused_before_it_is_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "LARGEST_LIST", 100)
    book = writing.xlsx(
        {"1": [["问题", "答案"]] + [[f"问{n}", "答"] for n in range(60)], "2": [["问题", "答案"]] + [["问", "答"]] * 60}
    )
    assert "100行" in why(book, "a.xlsx")


def test_a_file_over_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kinds, "LARGEST_TEXT", 1_000_000)
    assert "超过1兆字节" in why(b"x" * 1_000_001, "a.txt")
    with (tmp_path / "large.pdf").open("wb") as file:
        file.truncate(200_000_000)
    with Reader() as reader:
        [source] = sources(tmp_path, reader)
    assert "超过50兆字节" in source.refused


def test_a_part_that_unpacks_to_too_much_is_a_bomb() -> None:
    assert "不合常理" in why(writing.docx([], document="<d>" + " " * 30_000_000 + "</d>"), "a.docx")
    monster = zipfile.ZipInfo("a")
    monster.file_size, monster.compress_size = 2_000_000, 9_000
    assert packages.too_dense(monster)


def folder_of(path: Path) -> dict[str, str]:
    with Reader() as reader:
        return {source.name: source.refused for source in sources(path, reader)}


def test_a_zip_gives_its_files_and_refuses_the_bad_ones(tmp_path: Path) -> None:
    path = tmp_path / "资料.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name in ("../../etc/passwd", "/etc/passwd", "..\\x.md", "C:/x.md", "good/指南.md", "inner.zip", ".DS_Store",
                     "__MACOSX/x.md", "style.css"):  # fmt: skip
            package.writestr(name, "正文。")
        package.writestr("bomb.txt", b"\x00" * 40_000_000)
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc/passwd")
        old = zipfile.ZipInfo("旧名.md".encode("gb18030").decode("cp437"))
        package.writestr(old, "正文。")
    found = {name.removeprefix("资料.zip/"): sentence for name, sentence in folder_of(path).items()}
    for name in ("../../etc/passwd", "/etc/passwd", "..\\x.md", "C:/x.md"):
        assert found[name] == "路径指向压缩包之外，没有读取。"
    assert found["good/指南.md"] == ""
    assert "压缩包里还有压缩包" in found["inner.zip"]
    assert "不合常理" in found["bomb.txt"]
    assert "链接" in found["link.md"]
    assert len(found) == 9  # and nothing of systems and saved pages
    assert not (tmp_path.parent / "etc").exists()


def test_a_zip_is_refused_whole_where_it_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = zipfile.ZipFile(io.BytesIO(writing.zipped({"a.md": "甲", "b.md": "乙"})))
    for limit in ("MOST_ENTRIES", "LARGEST_TOTAL"):
        with monkeypatch.context() as smaller, pytest.raises(Refused):
            smaller.setattr(archive, limit, 1)
            list(archive.entries(package))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    assert "损坏" in folder_of(tmp_path)["broken.zip"]


def test_an_encrypted_entry_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(encrypted(writing.zipped({"locked.md": "正文。"})))
    assert "密码" in folder_of(path)["a.zip/locked.md"]


def test_links_and_odd_names(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("秘密。")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "nowhere.md").symlink_to(folder / "missing.md")
    (folder / "round").symlink_to(folder)
    (folder / "line\nbreak\x1b[31m.md").write_text("正文。")
    (folder / "表情😀'\";--.md").write_text("正文。")
    with open(bytes(folder) + b"/" + "旧名.md".encode("gb18030"), "w") as file:
        file.write("正文。")
    found = folder_of(folder)
    assert found["link.md"] == "文件指向文件夹之外，没有读取。"
    assert "打不开" in found["nowhere.md"]
    assert {name for name, sentence in found.items() if not sentence} == {
        "line\ufffdbreak\ufffd[31m.md",
        "表情😀'\";--.md",
        "旧名.md",
    }
    with Reader() as reader:
        read_back = [
            each
            for source in sources(folder, reader)
            if not source.refused
            for each in reader.read(source.path, source.name)
        ]
    assert [type(each) for each in read_back] == [Found, Found, Found]


def test_a_list_says_which_rows_it_leaves(tmp_path: Path) -> None:
    text = '问题,答案\n甲？,可以。\n,没有问题\n乙？,可以。\n丙？,"没有完\n'
    found = list(read(io.BytesIO(text.encode()), "a.csv"))
    assert [each.fields["title"] for each in found if isinstance(each, Found)] == ["甲？", "乙？"]
    assert [(each.place, each.sentence[:4]) for each in found if isinstance(each, Refused)] == [
        ("line 3", "问题或答"),
        ("line 5", "引号或逗"),
    ]
    assert not any(isinstance(each, Merged) for each in found)  # `可以。` is not an answer that two share on purpose
