import pytest

from intents import places
from intents.understanding import Address


def _one(text: str) -> Address:
    (address,) = places.resolve(text)
    return address


def test_a_road_in_one_district_is_resolved_with_its_number() -> None:
    address = _one("滨江大道88号门口的路灯坏了")
    assert (address.district, address.road, address.number) == ("wangjiang", "滨江大道", "88号")
    assert address.text == "滨江大道88号门口"
    assert address.candidates == ()


def test_a_road_in_two_districts_stays_open_until_something_narrows_it_down() -> None:
    assert _one("解放路有个坑").candidates == ("zhaoxia", "qinghe")
    assert _one("解放路有个坑").district is None
    assert _one("青禾区解放路有个坑").district == "qinghe"
    assert _one("我是青禾区的，昨天在解放路摔了一跤").district == "qinghe"


def test_two_roads_leave_the_district_that_has_both() -> None:
    assert _one("人民路和解放路交叉口堵车").district == "zhaoxia"


def test_landmarks_of_one_name_in_two_districts_are_candidates() -> None:
    address = _one("阳光花园3栋漏水")
    assert (address.landmark, address.candidates) == ("阳光花园", ("zhaoxia", "qinghe"))
    resolved = _one("青禾区阳光花园小区3栋漏水")
    assert (resolved.district, resolved.street) == ("qinghe", "qinghe_qingyuan")


def test_streets_communities_and_aliases_are_known() -> None:
    assert _one("鼓楼街道没人管").street == "zhaoxia_gulou"
    assert _one("听涛社区的健身器材坏了").street == "wangjiang_binjiang"
    assert _one("市一中门口堵车").landmark == "示例市第一中学"
    assert _one("临港新区太远").district == "lingang"


def test_the_longest_name_wins() -> None:
    assert _one("鼓楼历史街区卫生差").landmark == "鼓楼历史街区"
    assert _one("铁路新村路坑洼").road == "铁路新村路"


def test_traditional_characters_and_full_width_digits_are_read() -> None:
    address = _one("望江區濱江大道１２號")
    assert (address.district, address.road, address.number) == ("wangjiang", "滨江大道", "12号")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A区xx路12号的公司", "a区xx路12号"),
        ("我住在幸运小区3栋2单元", "幸运小区3栋2单元"),
        ("投诉蓝天大厦噪音", "蓝天大厦"),
    ],
)
def test_a_place_the_gazetteer_does_not_know_is_kept_in_its_words(text: str, said: str) -> None:
    address = _one(text)
    assert address.text == said
    assert address.district is None and address.candidates == ()


@pytest.mark.parametrize(
    "text",
    ["我们小区停水了", "这条马路坑坑洼洼", "楼下广场太吵", "", "一路顺风", "我要投诉物业", "县里小学校长克扣村小经费"],
)
def test_no_place_is_made_up(text: str) -> None:
    assert places.resolve(text) == ()


@pytest.mark.parametrize(
    ("text", "said", "number", "unit"),
    [
        ("学府路6号乙3单元201室漏水", "学府路6号乙3单元201室", "6号乙", "3单元"),
        ("学府路6号甲门口", "学府路6号甲门口", "6号甲", None),
        ("学府路6号往东两百米左右有个坑", "学府路6号往东两百米左右", "6号", None),
        ("北苑路丁香路交口往北30米", "北苑路丁香路交口往北30米", None, None),
    ],
)
def test_a_second_house_of_one_number_and_the_way_from_a_point_are_kept(
    text: str, said: str, number: str | None, unit: str | None
) -> None:
    address = _one(text)
    assert (address.text, address.number, address.unit) == (said, number, unit)


@pytest.mark.parametrize(
    ("text", "said", "number", "building"),
    [
        ("南山路18号楼上漏水", "南山路18号", "18号", None),
        ("南山路18号楼下太吵", "南山路18号楼下", "18号", None),
        ("南山路18号楼3单元", "南山路18号楼3单元", None, "18号楼"),
        ("丁香花园小区3号楼下面停满了车", "丁香花园小区3号楼", None, "3号楼"),
        ("丁香花园小区东门太乱", "丁香花园小区东门", None, None),
    ],
)
def test_upstairs_behind_a_house_number_is_no_building(
    text: str, said: str, number: str | None, building: str | None
) -> None:
    address = _one(text)
    assert (address.text, address.number, address.building) == (said, number, building)


def test_two_places_are_two_addresses() -> None:
    found = places.resolve("从朝霞区到望江区的公交太少")
    assert [address.district for address in found] == ["zhaoxia", "wangjiang"]


def test_the_district_that_is_said_holds_against_the_gazetteer() -> None:
    address = _one("朝霞区南山路18号门口路灯坏了")
    assert (address.text, address.district, address.road, address.number) == (
        "朝霞区南山路18号门口",
        "zhaoxia",
        "南山路",
        "18号",
    )
    assert address.candidates == ()


def test_a_district_said_elsewhere_in_the_text_leaves_the_road_open() -> None:
    assert _one("我是朝霞区的，昨天在南山路18号摔了一跤").candidates == ("zhaoxia", "wangjiang")
    assert _one("我是朝霞区的，昨天在南山公园摔了一跤").district == "wangjiang"


@pytest.mark.parametrize(
    ("text", "said", "landmark"),
    [
        ("学府路书香里小区停水了", "学府路书香里小区", "书香里小区"),
        ("学府路12号万顺家园3栋电梯坏了", "学府路12号万顺家园3栋", "万顺家园"),
        ("学府路上的小区停水了", "学府路", None),
        ("学府路有个小区停水了", "学府路", None),
        ("学府路路灯坏了，小区里也是", "学府路", None),
    ],
)
def test_a_block_that_the_gazetteer_does_not_know_stays_with_its_road(
    text: str, said: str, landmark: str | None
) -> None:
    address = _one(text)
    assert (address.text, address.landmark, address.district) == (said, landmark, "zhaoxia")


def test_where_one_name_ends_another_is_no_slip_of_the_pen() -> None:
    assert "江滩站" not in str(places.resolve("我在青禾区长江路地铁站出口"))


def test_a_park_that_the_gazetteer_does_not_know_stays_with_its_district() -> None:
    address = _one("临港区海滨公园的公厕脏得没法进")
    assert (address.text, address.district) == ("临港区海滨公园", "lingang")
