"""A small city and its history: tickets in words that its category tree does not know."""

import random
from pathlib import Path

import yaml

from core.settings import ROOT

SAMPLE = ROOT / "cities" / "sample"
LAMP, FUME = "utilities.lighting.lamp_out", "environment.air.cooking_fume"
WAGES, BIKES = "labour.wages.enterprise", "transport.bike.clutter"

# Who or what, what is wrong with it, what comes of it.
_WORDS = {
    LAMP: ("灯杆 道灯 夜里那排亮子 街边杆子", "黑咕隆咚 罢工了 全灭 瞎火", "走夜路摸黑 骑车撞树 不敢遛弯"),
    FUME: ("饭馆子 烤串摊 大排档 火锅店", "呛死人 熏得头疼 烟往屋里灌 管子对着窗户", "衣服全是味 开不了窗 孩子咳嗽"),
    WAGES: ("厂子 包活的 东家 装修队", "不给结账 赖着血汗钱 一分没见着 拖着不发", "过年没法回家 等米下锅 电话不接"),
    BIKES: ("小黄车 扫码的车 青桔 共享电驴", "堆成山 横七竖八 挡着盲道 占了门口", "轮椅过不去 婴儿车绕道 没人收"),
}


def small_city(folder: Path) -> Path:
    """Return a city folder like the sample's with four categories only."""
    folder.mkdir()
    for path in SAMPLE.iterdir():
        if path.name != "taxonomy":
            (folder / path.name).symlink_to(path)
    (folder / "taxonomy").mkdir()
    for code in _WORDS:
        first, second, _ = code.split(".")
        tree = yaml.safe_load((SAMPLE / "taxonomy" / f"{first}.yaml").read_text(encoding="utf-8"))
        tree["children"] = [child for child in tree["children"] if child["code"] == f"{first}.{second}"]
        for child in tree["children"]:
            child["children"] = [leaf for leaf in child["children"] if leaf["code"] == code]
        (folder / "taxonomy" / f"{first}.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return folder


def told(count: int, *, seed: int = 1) -> tuple[list[str], list[str]]:
    """Return texts and their categories, always the same ones for a seed."""
    dealer = random.Random(seed)
    texts, codes = [], []
    for number in range(count):
        code = dealer.choice(list(_WORDS))
        who, what, so = (dealer.choice(words.split()) for words in _WORDS[code])
        opening = dealer.choice(["我们这儿", "师傅您好", "麻烦管管", "又来反映"])
        texts.append(f"{opening}{who}{what}，{so}，第{number}回了")
        codes.append(code)
    return texts, codes
