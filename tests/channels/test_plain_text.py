from bot.contract import Reply, ReplyType
from channels import plain_text


def choice(*labels: str) -> Reply:
    options = [{"value": label, "label": label} for label in labels]
    return Reply(ReplyType.CHOICE, "请问在哪个区？", {"options": options})


def test_choices_are_numbered_lines() -> None:
    assert plain_text.written(choice("城东区", "城西区")) == "请问在哪个区？\n1. 城东区\n2. 城西区"


def test_only_a_choice_has_labels() -> None:
    assert plain_text.labels(Reply(ReplyType.TEXT, "好", {"options": [{"label": "甲"}]})) == []


def test_short_texts_share_one_piece() -> None:
    assert plain_text.pieces(["甲", "乙"], longest=100) == ["甲\n\n乙"]


def test_pieces_never_pass_the_limit_and_lose_no_character() -> None:
    text = "路灯坏了，晚上很黑。" * 300
    parts = plain_text.pieces([text], longest=2048, size=plain_text.utf8_size)
    assert len(parts) == 5
    assert all(len(part.encode()) <= 2048 for part in parts)
    assert "".join(parts) == text


def test_a_piece_ends_with_a_sentence() -> None:
    parts = plain_text.pieces(["路灯坏了，晚上很黑。" * 300], longest=2048, size=plain_text.utf8_size)
    assert all(part.endswith("。") for part in parts)


def test_a_text_without_any_place_to_cut_is_cut_all_the_same() -> None:
    assert plain_text.pieces(["啊" * 10], longest=4) == ["啊啊啊啊", "啊啊啊啊", "啊啊"]


def test_nothing_gives_no_piece() -> None:
    assert plain_text.pieces(["", "  "], longest=10) == []


def answer(kind: str, **data: object) -> Reply:
    given = {
        "kind": kind,
        "lead": "关于“办证”的一节：",
        "passage": "去办。",
        "source": "来源：市局。",
        "items": [],
        "links": [],
    }
    return Reply(ReplyType.ANSWER, "去办。\n来源：市局。", given | data)


def test_steps_are_numbered_and_materials_have_a_dot() -> None:
    items = ["身份证", "照片"]
    assert plain_text.written(answer("steps", items=items)) == "关于“办证”的一节：\n1. 身份证\n2. 照片\n来源：市局。"
    assert plain_text.written(answer("materials", items=items)) == "关于“办证”的一节：\n· 身份证\n· 照片\n来源：市局。"


def test_a_link_is_written_out() -> None:
    links = [{"label": "网上办", "url": "https://a.example/b"}]
    assert plain_text.written(answer("", links=links)) == "去办。\n网上办：https://a.example/b\n来源：市局。"


def test_an_answer_that_lists_nothing_is_its_text() -> None:
    assert plain_text.written(answer("")) == "去办。\n来源：市局。"
