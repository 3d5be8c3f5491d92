"""The default encoder in its trainable form: real weights, for the tests of what the extra `models` does."""

from pathlib import Path

import pytest

from core.text import encode, models


@pytest.fixture(scope="session")
def trainable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder with the weights of the default encoder."""
    pytest.importorskip("sentence_transformers")
    from core.text import bert

    folder = tmp_path_factory.mktemp("trainable") / "bge"
    name = "bge-small-zh-v1.5"
    bert.restore(models.find(name), folder, beside=encode.load(name))
    return folder
