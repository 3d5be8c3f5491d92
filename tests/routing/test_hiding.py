"""Whoever wrote a tip-off cannot be found by what is left of their words."""

import time

import pytest

from routing.hiding import HIDDEN, wishes_secrecy, without_author


def secret(text: str, *, name: str | None = None, phone: str | None = None) -> str:
    return without_author(text, name=name, phone=phone, secret=True)


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "１３８００１３８０００",
        "138.0013.8000",
        "138 - 0013 - 8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "+86 138·0013·8000",
        "幺三八零零幺三八零零零",
        "第一13800138000",
        "0571-88001234",
        "110101199003077715",
        "110101 19900307 771X",
        "６２２２０２１２３４５６７８９０１２３",
        "微信号：wang_jianguo88",
        "微信wxid-1234567",
        "QQ 12345678",
        "wang.jianguo@example.com",
    ],
)
@pytest.mark.parametrize("given", [None, "13900139000"])
def test_every_number_and_account_in_a_secret_text_is_cut_out(written: str, given: str | None) -> None:
    left = secret(f"厂里夜里偷排，请联系{written}，谢谢", phone=given)
    assert HIDDEN in left
    assert not [figure for figure in "380７６wq九" if figure in left]
    assert left.startswith("厂里夜里偷排，请联系") and left.endswith("，谢谢")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我是王建国，厂里偷排", "王先生"),
        ("我是王建国举报厂里偷排", "王先生"),
        ("本人王建国，厂里偷排", "王先生"),
        ("我叫王建国，厂里偷排", None),
        ("我是王建国，厂里偷排", None),
        ("我姓王，厂里偷排", None),
        ("厂里偷排，姓名：王建国", None),
        ("厂里偷排，请找王先生", "王建国"),
    ],
)
def test_an_introduction_is_cut_out_whatever_name_was_given(text: str, name: str | None) -> None:
    left = secret(text, name=name)
    assert "王" not in left and "建国" not in left
    assert "厂里偷排" in left


@pytest.mark.parametrize(
    ("text", "gone", "name"),
    [
        ("举报人王先生反映厂里偷排", "王先生", None),
        ("来电人：王建国，反映厂里偷排", "王建国", None),
        ("诉求人李某某称厂里偷排", "李某", None),
        ("市民张红女士来电，厂里偷排", "张红", None),
        ("反映人赵同志说厂里偷排", "赵同志", None),
        ("投诉人王建国反映厂里偷排", "王建国", None),
        ("门卫都认识老王，厂里偷排", "老王", "王建国"),
        ("他们找过欧阳女士，厂里偷排", "欧阳", "欧阳明月"),
        ("我就住在幸福小区3栋2单元502室，厂里偷排", "幸福小区3栋2单元502室", None),
        ("我家在幸福小区3栋2单元502，厂里偷排", "502", None),
        ("我住对面5号楼，厂里偷排", "5号楼", None),
        ("我家住朝霞区幸福路12号院301，厂里偷排", "幸福路12号院301", None),
        ("家住幸福路１２号，厂里偷排", "幸福路１２号", None),
        ("我是邻居3栋501室的，厂里偷排", "501", None),
        ("我的车牌号是皖A12345，厂里偷排", "A12345", None),
        ("我的车皖A·D12345被扎，厂里偷排", "12345", None),
        ("本人车牌皖A１２３４５，厂里偷排", "１２３４５", None),
        ("我儿子叫王小明，厂里偷排", "王小明", None),
        ("我老婆叫李红在厂里偷排时看见", "李红", None),
        ("业主王建国反映，厂里偷排", "王建国", None),
        ("厂里偷排。签名：王建国", "王建国", None),
        ("本人王建国，住幸福小区3栋501，厂里偷排", "幸福小区3栋501", None),
        ("厂里偷排，my name is Wang Jianguo", "Wang", None),
        ("我叫Tom Smith，厂里偷排", "Tom", None),
    ],
)
def test_what_leads_to_the_author_by_another_way_is_cut_out(text: str, gone: str, name: str | None) -> None:
    left = secret(text, name=name)
    assert gone not in left and HIDDEN in left
    assert "厂里偷排" in left


@pytest.mark.parametrize(
    "text",
    [
        "市民中心的厂房，市民多次反映，市民广场旁",
        "业主高度关注，现住三里屯，本人多次反映",
        "我儿子叫他别去，幸福路12号的厂偷排",
        "大家住在附近都闻到，老板的车牌皖A12345",
        "厂房在12号，2026-11-22 10:30开始，金额12000元，罚款13.50元",
        "我是想举报这家厂",
        "一二三路的三八超市",
        "微信公众号",
    ],
)
def test_what_is_no_person_stays(text: str) -> None:
    assert secret(text, name="王先生", phone="13800138000") == text


def test_an_open_author_is_masked_however_the_number_is_written_and_others_stay() -> None:
    left = without_author(
        "王小明，１３８.0013.8000，老板13900139000", name="王小明", phone="138 0013 8000", secret=False
    )
    assert left == "王**，138****8000，老板13900139000"


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 5000,
        "138-" * 2500,
        "a" * 10_000,
        "我叫" * 5000,
        "微信" * 5000,
        "一" * 10_000,
        "我家住" * 3000,
        "邻居" * 5000,
        "市民王" * 3000,
        "我的车牌" * 2500,
        "我儿子叫王" * 2000,
        "不要让" * 3000,
        *(
            word + blank * 10_000
            for word in ("我是", "微信", "市民", "联系人", "我的车牌号")
            for blank in ("\u2003", "\n")
        ),
    ],
)
def test_a_long_monotonous_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    secret(text, name="王小明", phone="13800138000")
    wishes_secrecy(text)
    assert time.process_time() - began < 1
