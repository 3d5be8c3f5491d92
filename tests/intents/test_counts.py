import time

import pytest

from core.text.normalise import normalise
from intents import counts, places, times


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("欠我三千五百块", ("3500",)),
        ("三千五块钱", ("3500",)),
        ("2万元和1.5万", ("20000", "15000")),
        ("交了1,200元", ("1200",)),
        ("两万多块", ("20000",)),
        ("一万五千元", ("15000",)),
        ("3万人口", ()),
        ("300多万专业技术人员", ()),
        ("赔了两万多没给", ("20000",)),
        ("欠我们3万工资", ("30000",)),
        ("两万多户居民", ()),
        ("12元路口", ()),
        ("三号楼", ()),
        ("收据写着叁拾贰万伍仟元整", ("325000",)),
        ("合计柒拾万零三千元", ("703000",)),
        ("陆元方说的", ()),
        ("多收了六块四毛二", ("6.42",)),
        ("六块四毛二个人分", ("6.4",)),
        ("九十六万的房子漏水", ("960000",)),
        ("一毛钱都没退", ()),
        ("一块钱也没赔", ()),
    ],
)
def test_amounts(text: str, found: tuple[str, ...]) -> None:
    assert counts.amounts(normalise(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我们一家五口", (5,)),
        ("三十多户居民", (30,)),
        ("工友27人", (27,)),
        ("上百人围着", (100,)),
        ("1.5万人受影响", (15000,)),
        ("3号楼6户和5号楼8户", (6, 8)),
        ("一个人住", ()),
        ("两口子吵架", ()),
        ("70岁老人", ()),
        ("第三人民医院", ()),
        ("100人次", ()),
        ("来了两三个人", (2,)),
        ("楼上还有七八个老人", (7,)),
        ("三五个孩子", (3,)),
        ("二十七八个工人", (27,)),
    ],
)
def test_people(text: str, found: tuple[int, ...]) -> None:
    assert counts.people(normalise(text)) == found


@pytest.mark.parametrize("text", ["9" * 4000, "九" * 4000, "1," * 2000, "1点" * 2000, "1月" * 2000, "一家" * 2000])
def test_long_runs_are_read_in_linear_time(text: str) -> None:
    places.find("人民路")
    began = time.process_time()
    assert counts.amounts(text) == ()
    counts.people(text)
    times.find(text)
    places.find(text)
    assert time.process_time() - began < 1.5
