"""Departments and the dispatch catalogue: read strictly, resolved by place, ranked with reasons."""

from pathlib import Path

import pytest

from core.city import city
from core.errors import BadInput
from intents import categories
from routing import catalogue, departments
from routing.tree import load

DEPARTMENTS = """
- {code: light, name: 照明处, short_name: 照明处, kind: bureau, duties: [路灯的维护]}
- {code: east, name: 东区, short_name: 东区, kind: district, area: east, duties: [东区的协调]}
- {code: east_gate, name: 东门街道, short_name: 东门街道, kind: street, parent: east,
   area: east/gate, duties: [居民服务]}
- {code: west, name: 西区, short_name: 西区, kind: district, area: west, duties: [西区的协调]}
"""
HEADER = "category,area,lead,co_handlers,basis\n"


def tree_of(tmp_path: Path, text: str = DEPARTMENTS) -> departments.Departments:
    file = tmp_path / "departments.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def catalogue_of(tmp_path: Path, rows: str) -> catalogue.Catalogue:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "all.csv").write_text(HEADER + rows, encoding="utf-8")
    return catalogue.load(tmp_path, tree_of(tmp_path))


def test_the_tree_knows_children_and_areas(tmp_path: Path) -> None:
    tree = tree_of(tmp_path)
    assert [child.code for child in tree.children("east")] == ["east_gate"]
    assert [top.code for top in tree.children(None)] == ["light", "east", "west"]
    street = tree.of_street("east", "gate")
    assert street is not None
    assert street.code == "east_gate"
    assert tree.of_street("west", "gate") is None
    with pytest.raises(BadInput, match="没有这个部门"):
        tree.get("nobody")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DEPARTMENTS + "- {code: light, name: 又一个, short_name: 又, kind: bureau, duties: [甲]}", "entry 5 (light)"),
        ("- {code: a, name: 甲, short_name: 甲, kind: bureau, parent: ghost, duties: [甲]}", "a: there is no parent"),
        (
            "- {code: a, name: 甲, short_name: 甲, kind: bureau, parent: b, duties: [甲]}\n"
            "- {code: b, name: 乙, short_name: 乙, kind: bureau, parent: a, duties: [乙]}",
            "circle",
        ),
        ("- {code: a, name: 甲, short_name: 甲, kind: bureau, duties: []}", "entry 1 (a): duties"),
        ("- {code: a, name: 甲, short_name: 甲, kind: street, duties: [甲]}", "name their area"),
        ("- {code: a, name: 甲, short_name: 甲, kind: palace, duties: [甲]}", "entry 1 (a): kind"),
        ("- just words", "entry 1 (not a mapping)"),
        ("code: a", "a list of departments"),
    ],
)
def test_a_broken_department_is_refused_with_file_and_entry(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        tree_of(tmp_path, text)
    assert refused.value.sentence.startswith("departments.yaml, ")
    assert said in refused.value.sentence


def test_the_longest_category_wins_and_then_the_more_specific_area(tmp_path: Path) -> None:
    found = catalogue_of(
        tmp_path,
        "roads,*,west,,a law\nroads.lamps,*,light,@district;@street,a law\nroads.lamps,west,west,,a law\n",
    )
    wide = found.find(category="roads.signs.bent", district="east", street="gate")
    lamp = found.find(category="roads.lamps.out", district="east", street="gate")
    west = found.find(category="roads.lamps.out", district="west", street=None)
    assert wide is not None and wide.lead == "west"
    assert lamp is not None and (lamp.lead, lamp.co_handlers) == ("light", ("east", "east_gate"))
    assert west is not None and west.lead == "west"
    assert found.find(category="roadside", district="east", street=None) is None


def test_a_matter_for_the_place_goes_to_the_street_else_to_the_district_else_waits(tmp_path: Path) -> None:
    found = catalogue_of(tmp_path, "noise,*,@street,light,a law\n")

    def lead(district: str | None, street: str | None) -> str | None:
        assigned = found.find(category="noise", district=district, street=street)
        assert assigned is not None
        return assigned.lead

    assert lead("east", "gate") == "east_gate"
    assert lead("east", None) == "east"
    assert lead(None, None) is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("roads,*,ghost,,a law\n", "line 2: there is no department ghost"),
        ("roads,*,,,a law\n", "there is no department (empty)"),
        ("roads,north,light,,a law\n", "there is no district north"),
        ("roads,*,light,ghost,a law\n", "there is no department ghost"),
        ("roads,*,light,,\n", "basis must not be empty"),
        ("roads,*,light\n", "it has 3 cells"),
        ("roads,*,light,,a law\nroads,*,west,,a law\n", "line 3: roads in * has a row already"),
    ],
)
def test_a_broken_row_is_refused_with_file_and_line(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        catalogue_of(tmp_path, rows)
    assert refused.value.sentence.startswith("all.csv, ")
    assert said in refused.value.sentence


def test_a_grid_leads_in_no_row(tmp_path: Path) -> None:
    grid = (
        "- {code: one, name: 一网格, short_name: 一网格, kind: grid, parent: east_gate, area: east/gate/one,"
        " duties: [甲]}\n"
    )
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "all.csv").write_text(HEADER + "roads,*,one,,a law\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 2: one is a grid"):
        catalogue.load(tmp_path, tree_of(tmp_path, DEPARTMENTS + grid))


def test_another_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "all.csv").write_text("a,b,c\n", encoding="utf-8")
    with pytest.raises(BadInput, match="the header must be"):
        catalogue.load(tmp_path, tree_of(tmp_path))


def test_the_sample_city_hangs_together() -> None:
    assert len(list(departments.tree())) >= 40
    assert len(catalogue.catalogue()) >= 100
    assert catalogue.load(city().folder, departments.tree()).categories() == catalogue.catalogue().categories()


def test_the_catalogues_lead_comes_first_with_its_basis() -> None:
    ranked = departments.rank(
        category="utilities.lighting.lamp_out", district="zhaoxia", street="zhaoxia_gulou", text="路灯坏了"
    )
    assert ranked[0].code == "urban_management"
    assert ranked[0].evidence[0].startswith("派单目录：主办（《")
    assert 0.7 <= ranked[0].score <= 1
    assert all(0 < candidate.score <= 1 for candidate in ranked)
    assert [candidate.score for candidate in ranked] == sorted((each.score for each in ranked), reverse=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("公司拖欠我三个月工资不给", "human_resources"),
        ("自来水发黄有铁锈味", "water_supply"),
        ("快递员把我的快递弄丢了", "postal"),
        ("租房怎么提取公积金", "provident_fund"),
        ("买到假货商家不退款", "market_regulation"),
    ],
)
def test_without_a_category_the_words_of_the_duties_decide_but_never_alone(text: str, code: str) -> None:
    ranked = departments.rank(category=None, district=None, street=None, text=text)
    assert ranked[0].code == code
    assert ranked[0].score < 0.7  # the threshold of automatic dispatch: no catalogue row, no dispatch without a person
    assert ranked[0].evidence[0].startswith("职责相近：")
    assert len(ranked) <= 5


def test_offices_of_other_places_are_never_candidates() -> None:
    ranked = departments.rank(category=None, district="yunxi", street=None, text="街道邻里纠纷的人民调解、社区居民服务")
    codes = {candidate.code for candidate in ranked}
    assert not {code for code in codes if departments.tree().get(code).area not in {None, "yunxi"}}


def test_the_catalogue_speaks_of_the_citys_categories_and_of_each_of_them() -> None:
    known = categories.tree()
    assert not [code for code in catalogue.catalogue().categories() if code not in known]
    uncovered = [
        leaf.code
        for leaf in known.leaves()
        if catalogue.catalogue().find(category=leaf.code, district="zhaoxia", street=None) is None
    ]
    assert uncovered == []
