"""Words of dialects are understood, and only understood."""

import pytest

import intents
from intents.dialect import in_mandarin


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("灯坏了咋整", "灯坏了怎么办"),
        ("俺家没水了", "我家没水了"),
        ("恁大的坑", "这么大的坑"),
        ("恁们管不管", "你们管不管"),
        ("屋企冇水啊", "家里没有水啊"),
        ("我唔知道", "我不知道"),
        ("阿拉小区", "我们小区"),
        ("搞么斯哦", "干什么哦"),
        ("物业莫得人管", "物业没有人管"),
        ("啥子时候修", "什么时候修"),
        ("点解冇人理", "为什么没有人理"),
        ("吵得遭不住", "吵得受不了"),
        ("要得", "行"),
        ("楼下嘈到死", "楼下吵到死"),
    ],
)
def test_what_is_said_at_home_is_understood(said: str, meant: str) -> None:
    assert in_mandarin(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "阿拉伯",
        "伊拉克",
        "阿拉善",
        "什么时候",
        "什么事",
        "要么事后再说",
        "这么办",
        "那么多",
        "怎么样",
        "人声嘈杂",
        "多么好",
        "中山路",
        "哈哈哈",
    ],
)
def test_other_words_stay_as_they_are(said: str) -> None:
    assert in_mandarin(said) == said


def test_places_and_the_text_are_kept_as_they_were_said() -> None:
    found = intents.understand("俺们南山路18号的路灯坏了，冇人管")
    assert found.text == "俺们南山路18号的路灯坏了，冇人管"
    assert found.entities.addresses[0].text == "南山路18号"
    assert (
        found.category is not None and found.category.code == intents.understand("南山路18号的路灯坏了").category.code
    )


@pytest.mark.parametrize("said", ["俺家着火了，咋整啊", "我屋企着火啊，快啲嚟", "俺爹晕倒了叫不醒，咋弄"])
def test_danger_told_in_dialect_is_danger(said: str) -> None:
    assert intents.understand(said).emergency is not None
