"""An optional cross-encoder (setting `reranker`): it reads question and passage together and orders the first found."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from core.settings import settings

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

log = structlog.get_logger()

READ = 20  # documents that it orders; the rest stay behind them

Document = TypeVar("Document")


def reordered(query: str, found: Sequence[Document], text_of: Callable[[Document], str]) -> list[Document]:
    """Return `found`, best first, as the reranker orders its first ones; as it is without one or when it fails."""
    name = settings().reranker
    model = _model(name) if name and len(found) > 1 else None
    if model is None:
        return list(found)
    first = found[:READ]
    try:
        scores = model.predict([(query, text_of(each)) for each in first], show_progress_bar=False).reshape(len(first))
    except Exception as error:  # whatever a model of another shape brings
        log.warning("reranker.failed", reranker=name, error=type(error).__name__)
        return list(found)
    order = sorted(range(len(first)), key=lambda place: -scores[place])
    return [*(first[place] for place in order), *found[READ:]]


@lru_cache(maxsize=2)
def _model(name: str) -> "CrossEncoder | None":
    """Return the cross-encoder in a folder or of a name, loaded once; None, with a line in the log, without it."""
    try:
        from sentence_transformers import CrossEncoder

        from core.text.pretrained import quieten

        quieten()
        folder = Path(name).expanduser()
        return CrossEncoder(str(folder) if folder.is_dir() else name, max_length=512)
    except Exception as error:  # the libraries are not installed, the folder is broken, the network has no hub
        log.warning("reranker.unavailable", reranker=name, error=type(error).__name__)
        return None
