"""The optional cross-encoder orders the first documents; without it everything stays as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import settings
from kb import reranking

DOCUMENTS = [f"第{number}条" for number in range(25)]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    settings.cache_clear()


def use(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("YITONG_RERANKER", name)
    settings.cache_clear()


def test_without_a_setting_the_order_stays() -> None:
    assert reranking.reordered("问", DOCUMENTS, str) == DOCUMENTS


def test_a_reranker_that_is_not_there_changes_nothing(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    use(named, str(tmp_path / "empty"))
    assert reranking.reordered("问", DOCUMENTS, str) == DOCUMENTS


def test_the_first_twenty_are_ordered_anew(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set("".join(DOCUMENTS) + "问"))]
    (tmp_path / "vocab.txt").write_text("\n".join(signs), encoding="utf-8")
    transformers.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    config = transformers.BertConfig(
        vocab_size=len(signs),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        num_labels=1,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    use(named, str(tmp_path))
    found = reranking.reordered("问", DOCUMENTS, str)
    assert found != DOCUMENTS
    assert sorted(found[: reranking.READ]) == sorted(DOCUMENTS[: reranking.READ])
    assert found[reranking.READ :] == DOCUMENTS[reranking.READ :]
