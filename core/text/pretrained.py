"""Any sentence-transformers or transformers model, by folder or name, through those libraries (the extra `models`)."""

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Unavailable
from core.text import models
from core.text.batches import Batched
from core.text.encode import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

REACHED_WITHIN = 5.0  # seconds that the hub has for the one request that says whether it has a model
INSTALL = "install the extra `models` as docs/installing.md says"


def sentence_transformer(name: str) -> "SentenceTransformer":
    """Return the model in a folder, else the one of that name: what the machine already holds before the network.

    Raises Unavailable with one sentence where the libraries are not installed or the model cannot be had.
    """
    try:
        from huggingface_hub import HfApi
        from sentence_transformers import SentenceTransformer

        quieten()
    except ImportError:
        raise Unavailable(
            f"The encoder {name} is none of {', '.join(models.names())} and hashing; for another, {INSTALL}."
        ) from None
    folder = Path(name).expanduser()
    error: Exception | None = None
    for local in (True,) if folder.exists() or _is_path(name) else (True, False):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the libraries to their developers
                if not local:
                    HfApi().model_info(name, timeout=REACHED_WITHIN)  # the libraries ask again and again for a minute
                return SentenceTransformer(str(folder) if folder.is_dir() else name, local_files_only=local)
        except Exception as failed:  # whatever a broken folder or a network without a hub brings
            error = failed
    raise Unavailable(
        f"The encoder {name} cannot be loaded ({type(error).__name__}); known without a network are "
        f"{', '.join(models.names())}, hashing, and the folder of any sentence-transformers or transformers model."
    ) from error


def _is_path(name: str) -> bool:
    """Say whether a name can only be a folder's: the hub's are one word, or two with one stroke between."""
    return name.startswith((".", "~", "/")) or name.count("/") > 1


def quieten() -> None:
    """Keep the libraries' bars and reports to their developers off the terminal. Raises ImportError without them."""
    from transformers.utils import logging as transformers

    transformers.set_verbosity_error()
    transformers.disable_progress_bar()
    for name in ("huggingface_hub", "sentence_transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)


def digest(model: "SentenceTransformer") -> str:
    """Return the digest of what decides the vectors: the weights and how they are pooled, 16 hexadecimal digits."""
    made = hashlib.sha256()
    for module in model:
        settings: Any = getattr(module, "get_config_dict", dict)()
        made.update(json.dumps([type(module).__name__, settings], sort_keys=True, default=str).encode())
    for name, weights in sorted(model.state_dict().items()):
        if ".pooler." in name:  # BERT's own, unused here, and made up at random where a file leaves it out
            continue
        made.update(f"{name} {weights.dtype} {tuple(weights.shape)}".encode())
        made.update(weights.detach().cpu().contiguous().float().numpy().tobytes())
    return made.hexdigest()[:16]


class PretrainedEncoder(Batched):
    """A model that sentence-transformers runs, on the processor or the graphics card that it finds."""

    side_by_side = False  # one batch takes every processor

    def __init__(self, name: str) -> None:
        super().__init__()
        self._model = sentence_transformer(name)
        self._model.eval()
        self.fingerprint = f"{Path(name).name}:{digest(self._model)}"
        self.dimension = self._model.get_embedding_dimension() or self._run(["。"]).shape[1]

    def _run(self, texts: list[str]) -> Vectors:
        rows: Vectors = self._model.encode(texts, batch_size=len(texts), show_progress_bar=False)
        return rows
