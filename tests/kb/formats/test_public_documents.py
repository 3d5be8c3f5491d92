"""A notice, a service guide and a question list as offices write them keep their headings and tables."""

import io
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kb import passages
from kb.articles.formats import Found, Merged
from kb.articles.formats.worker import read
from tests.kb.formats import writing
from tests.kb.formats.writing import Block, Table

FEES: Table = [["对象", "收费标准"], ["居民用户", "每吨2.30元"], ["低保家庭", "每月免5吨"]]
NOTICE: list[Block] = [
    (0, "关于调整居民用水收费的通知"),
    "示水发〔2026〕12号",
    "自2026年7月1日起，居民用水按阶梯收费。",
    (1, "一、收费标准"),
    FEES,
    (1, "二、减免办法"),
    (2, "（一）低保家庭"),
    "凭低保证到营业厅登记。",
    (2, "（二）多人口家庭"),
    "五口以上的家庭可以申请增加用水量。",
]


def one(content: bytes, name: str) -> Found:
    [found] = read(io.BytesIO(content), name)
    assert isinstance(found, Found)
    return found


def sections(found: Found) -> dict[str, str]:
    return {each.section: each.text for each in passages.split(found.fields["body"])}


def test_a_notice_in_docx_keeps_its_title_sections_and_table() -> None:
    found = one(writing.docx(NOTICE), "通知.docx")
    assert found.fields["title"] == "关于调整居民用水收费的通知"
    assert sections(found) == {
        "": "示水发〔2026〕12号。自2026年7月1日起，居民用水按阶梯收费。",
        "一、收费标准": "对象，收费标准。居民用户，每吨2.30元。低保家庭，每月免5吨。",
        "二、减免办法：（一）低保家庭": "凭低保证到营业厅登记。",
        "二、减免办法：（二）多人口家庭": "五口以上的家庭可以申请增加用水量。",
    }


def test_a_notice_without_styles_is_read_by_its_numbering() -> None:
    plain = [block[1] if isinstance(block, tuple) else block for block in NOTICE]
    found = one(writing.docx(plain), "1.docx")
    assert found.fields["title"] == "关于调整居民用水收费的通知"
    assert list(sections(found)) == [
        "",
        "一、收费标准",
        "二、减免办法：（一）低保家庭",
        "二、减免办法：（二）多人口家庭",
    ]


def test_a_service_guide_in_pdf_keeps_headings_by_size_and_its_table_over_two_pages(tmp_path: Path) -> None:
    long = "在本市居住半年以上，有合法稳定就业、合法稳定住所、连续就读条件之一的，可以按照规定申领居住证。"
    materials: Table = [["材料", "要求"], *([f"第{number}种证明", "原件一份"] for number in range(1, 41))]
    page = writing.html([
        (0, "居住证办理指南"), long * 3, (1, "一、办理条件"), (2, "（一）租房"), "提供租赁合同。",
        (1, "二、所需材料"), materials, "以上材料缺一不可。",
    ])  # fmt: skip
    found = one(writing.pdf(tmp_path, page), "指南.pdf")
    assert found.fields["title"] == "居住证办理指南"
    read_back = sections(found)
    assert list(read_back) == ["", "一、办理条件：（一）租房", "二、所需材料"]
    assert read_back[""] == long * 3
    table = [line for line in found.fields["body"].splitlines() if line.startswith("|")]
    assert table == writing.markdown([materials]).splitlines()
    assert read_back["二、所需材料"].endswith("以上材料缺一不可。")


def test_a_question_list_in_xlsx_is_an_article_a_row() -> None:
    shared = "请拨打12333挂失，再带身份证到社保卡网点补办，当场领取。"
    content = writing.xlsx({
        "社保": [
            ["社保常见问题清单"],
            ["序号", "问题", "其他问法", "答案", "责任部门", "政策依据", "适用地区", "所需材料"],
            [1, "社保卡丢了怎么办", "社保卡遗失；社保卡不见了", shared, "市人社局", "《社会保险法》", "全市", "身份证"],
            [2, "社保卡被偷了怎么补", "", shared, "市人社局", "《社会保险法》", "全市", "身份证"],
        ],
        "说明": [["本表由某科室维护"]],
        "English": [["Question", "Answer"], ["How do I register?", "At the counter on the first floor."]],
    })  # fmt: skip
    first, other, merged = sorted(read(io.BytesIO(content), "问答.xlsx"), key=lambda each: isinstance(each, Merged))
    assert isinstance(first, Found) and isinstance(other, Found) and isinstance(merged, Merged)
    assert first.fields == {
        "title": "社保卡丢了怎么办",
        "questions": ["社保卡遗失", "社保卡不见了", "社保卡被偷了怎么补"],
        "body": f"{shared}\n\n## 所需材料\n\n身份证",
        "department": "市人社局",
        "basis": "《社会保险法》",
        "region": "全市",
    }
    assert (merged.place, merged.into) == ("社保 第4行", "社保 第3行")
    assert other.fields["title"] == "How do I register?"


def test_a_page_gives_its_text_and_nothing_that_runs_or_stands_around_it() -> None:
    page = (
        "<html><head><meta name='ArticleTitle' content='医保报销指南'><title>医保报销指南_示例市</title></head><body>"
        "<header>首页 登录</header><nav>导航</nav><form><div class='TRS_Editor'><p>先备案，<b>后</b>报销。</p>"
        "<script>alert(1)</script><p style='display: none'>看不见</p><h2>材料</h2>"
        "<table><tr><th>名称</th><th>份数</th></tr><tr><td rowspan=2>医保卡</td><td>原件</td></tr>"
        "<tr><td>复印件</td></tr></table>"
        "<p><a href='javascript:steal()'>点这里</a>或<a href='https://example.cn/a'>官网</a></p></div></form>"
        "<footer>版权所有</footer></body></html>"
    )
    found = one(page.encode("gb18030"), "page.html")
    assert found.fields == {
        "title": "医保报销指南",
        "body": "先备案，后报销。\n\n## 材料\n\n"
        "| 名称 | 份数 |\n| --- | --- |\n| 医保卡 | 原件 |\n| 医保卡 | 复印件 |\n\n"
        "点这里或[官网](https://example.cn/a)",
    }


def test_a_page_that_is_laid_out_by_a_table_is_text() -> None:
    page = "<table><tr><td>左边</td><td><table><tr><td>甲</td><td>乙</td></tr></table><p>正文。</p></td></tr></table>"
    body = one(page.encode(), "page.html").fields["body"]
    assert "| 甲 | 乙 |" in body.splitlines()
    assert "左边" in body.splitlines() and "正文。" in body.splitlines()


letters = "办理材料社保医疗居住证申请条件流程0123456789AZaz（）、*_#|`[]-+.<>&~!\\"
words = st.text(alphabet=letters, min_size=1, max_size=20).map(lambda text: f"字{text}字")
names = st.text(alphabet="办理材料社保条件流程", min_size=2, max_size=8)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(words, min_size=width, max_size=width), min_size=2, max_size=4)
)
parts = st.lists(st.tuples(st.integers(1, 3), names, words, tables), min_size=1, max_size=5)


def expected(found: list[tuple[int, str, str, Table]]) -> list[str]:
    above: list[tuple[int, str]] = []
    made = []
    for level, name, *_ in found:
        above = [each for each in above if each[0] < level] + [(level, name)]
        made.append("：".join(each[1] for each in above))
    return made


def said(found: tuple[int, str, str, Table]) -> list[str]:
    """Return what a section must say: its paragraph, and the cells of its table."""
    return [found[2], *(cell for row in found[3] for cell in row)]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@example([(1, "件件", "字0字", [["字0字", "字0字"], ["字0字", "字._0_.字"]])], "html")
@given(parts, st.sampled_from(["docx", "html"]))
def test_headings_and_tables_survive(written: list[tuple[int, str, str, Table]], form: str) -> None:
    blocks: list[Block] = [(0, "总标题")]
    for level, name, text, table in written:
        blocks += [(level, name), text, table]
    content = writing.docx(blocks) if form == "docx" else f"<html><body>{writing.html(blocks)}</body></html>".encode()
    found = one(content, f"a.{form}")
    read_back = passages.split(found.fields["body"])
    assert found.fields["title"] == "总标题"
    assert [each.section for each in read_back] == expected(written)
    for each, section in zip(read_back, written, strict=True):
        assert each.text.count("。") >= 1 + len(section[3])
        for text in said(section):
            assert text in each.text


@given(st.lists(st.tuples(st.integers(1, 3), names, names, tables), min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_markdown_comes_back_as_it_was_written(written: list[tuple[int, str, str, Table]]) -> None:
    plain = [(level, name, text, [["甲", "乙"], ["一", "二"]]) for level, name, text, _ in written]
    blocks: list[Block] = [(0, "总标题")]
    for level, name, text, table in plain:
        blocks += [(level, name), text, table]
    found = one(writing.markdown(blocks).encode(), "a.md")
    names_, bodies = expected(plain), [writing.markdown([text, table]) for _, _, text, table in plain]
    wanted = "\n\n".join(f"## {name}\n\n{body}" for name, body in zip(names_, bodies, strict=True))
    assert found.fields == {"title": "总标题", "body": wanted}
