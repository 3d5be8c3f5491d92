from pathlib import Path

import pytest

from core.messages import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "zh_CN.po").write_text(head + 'msgid "a"\nmsgstr "您好，{name}"\n\nmsgid "b"\nmsgstr "再见"\n')
    (tmp_path / "en.po").write_text(head + 'msgid "a"\nmsgstr "Hello {name}"\n')
    return Catalogue(tmp_path)


def test_values_are_put_in(catalogue: Catalogue) -> None:
    assert catalogue("a", name="{x}") == "您好，{x}"
    assert catalogue("a", "en", name="Li") == "Hello Li"


def test_what_is_not_translated_is_said_in_chinese(catalogue: Catalogue) -> None:
    assert catalogue("b", "en") == "再见"


def test_an_unknown_message_is_an_error_in_the_code(catalogue: Catalogue) -> None:
    assert not catalogue.has("c")
    with pytest.raises(KeyError):
        catalogue("c")
