"""A classifier whose encoder is tuned on the labelled texts themselves. Needs the extra `models`.

The encoder of the settings is loaded as something that can be trained, a linear head is put on it, and both learn the
labels together (cross-entropy). It hears what the frozen encoder does not: which words matter for these labels.
"""

import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.settings import settings
from core.text import bert, encode, models, pretrained

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to tune: chosen on one fold of 2,577 letters in seven classes (docs/understanding.md)."""

    epochs: int = 4
    batch: int = 16
    head: int = 144  # characters read from the beginning of a text
    tail: int = 48  # and from its end, where a letter says what it wants
    rate: float = 1e-4  # of the uppermost layer; each one below learns a tenth more slowly
    fading: float = 0.9
    head_rate: float = 1e-3
    smoothing: float = 0.1  # of the labels, for a board's labels err


class TunedClassifier:
    """The tuned encoder with its head."""

    def __init__(
        self,
        plain: Sequence[str],
        labels: Sequence[str],
        *,
        recipe: Recipe = Recipe(),
        progress: Progress = lambda done, steps: None,
    ) -> None:
        """Learn from normalised texts and their labels. Raises Unavailable without the libraries."""
        try:
            import torch
        except ImportError:
            raise Unavailable(f"Tuning an encoder needs more libraries: {pretrained.INSTALL}.") from None
        torch.manual_seed(0)
        self._recipe = recipe
        self.classes = tuple(sorted(set(labels)))
        self._model = _trainable()
        self._model.max_seq_length = min(recipe.head + recipe.tail, self._model.max_seq_length or 512)
        width = bert.encode(self._model, ["宽"]).shape[1]
        self._head = torch.nn.Linear(width, len(self.classes))
        torch.nn.init.normal_(self._head.weight, std=0.02)
        self._bfloat16 = False
        self._learn([self._cut(text) for text in plain], [self.classes.index(label) for label in labels], progress)

    def probabilities(self, plain: Sequence[str]) -> Floats:
        """Return the probability of each class for each normalised text, shape (texts, classes)."""
        import torch

        self._model.eval()
        texts = [self._cut(text) for text in plain]
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        made = np.zeros((len(texts), len(self.classes)), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), 2 * self._recipe.batch):
                chosen = order[start : start + 2 * self._recipe.batch]
                logits = self._logits([texts[row] for row in chosen])
                made[chosen] = torch.softmax(logits, dim=1).numpy()
        return made

    def _cut(self, text: str) -> str:
        head, tail = self._recipe.head, self._recipe.tail
        return text if len(text) <= head + tail else f"{text[:head]}{text[-tail:]}"

    def _logits(self, texts: Sequence[str]) -> "Tensor":
        import torch

        features: Any = self._model.preprocess(list(texts))
        with torch.autocast("cpu", torch.bfloat16) if self._bfloat16 else nullcontext():
            for module in self._model:
                if type(module).__name__ != "Normalize":  # the head learns from the length too
                    features = module(features)
        pooled = torch.nn.functional.dropout(features["sentence_embedding"].float(), 0.1, self._model.training)
        logits: Tensor = self._head(pooled)
        return logits

    def _learn(self, texts: list[str], labels: list[int], progress: Progress) -> None:
        import torch

        recipe = self._recipe
        steps = recipe.epochs * math.ceil(len(texts) / recipe.batch)
        optimiser = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98))
        warm = max(1, steps // 10)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: (step + 1) / warm if step < warm else max(0.0, (steps - step) / (steps - warm))
        )
        judge = torch.nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
        self._model.train()
        self._choose_precision(texts[: recipe.batch])
        learnt = [each for group in optimiser.param_groups for each in group["params"]]
        for done, batch in enumerate(_batches(texts, recipe), 1):
            loss = judge(self._logits([texts[row] for row in batch]), torch.tensor([labels[row] for row in batch]))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad(set_to_none=True)
            progress(done, steps)

    def _groups(self) -> list[dict[str, Any]]:
        """Return the weights with their rates: the lower a layer, the slower it learns."""
        recipe = self._recipe
        named = [(name, each) for name, each in self._model.named_parameters() if ".pooler." not in name]
        layers = {name: int(name.split(".layer.")[1].split(".")[0]) for name, _ in named if ".layer." in name}
        top = max(layers.values(), default=0)
        groups: list[dict[str, Any]] = [
            {
                "params": [each],
                "lr": recipe.rate * recipe.fading ** (top - layers.get(name, -1)),
                "weight_decay": 0.01 if each.ndim > 1 else 0.0,
            }
            for name, each in named
        ]
        return [*groups, {"params": list(self._head.parameters()), "lr": recipe.head_rate, "weight_decay": 0.01}]

    def _choose_precision(self, texts: list[str]) -> None:
        """Use bfloat16 where a batch is faster with it: processors that only imitate it are slower."""
        seconds = {}
        for self._bfloat16 in (False, True):
            self._logits(texts).sum().backward()  # the first of a kind prepares what the next ones use
            begun = time.perf_counter()
            self._logits(texts).sum().backward()
            seconds[self._bfloat16] = time.perf_counter() - begun
        self._model.zero_grad(set_to_none=True)
        self._head.zero_grad(set_to_none=True)
        self._bfloat16 = seconds[True] < seconds[False]


def _trainable() -> "SentenceTransformer":
    """Return the encoder of the settings as a model that can be trained."""
    name = settings().encoder
    if name == "hashing":
        raise Unavailable("YITONG_ENCODER is hashing, which has nothing to tune; name a model.")
    like = models.locate(name)
    if like is None:
        return pretrained.sentence_transformer(name)
    with tempfile.TemporaryDirectory() as folder:
        return bert.restore(like, Path(folder), beside=encode.load(name))


def _batches(texts: list[str], recipe: Recipe) -> Iterator[list[int]]:
    """Yield every epoch's batches; texts of a batch are about equally long, so that little is padding."""
    chance = random.Random(0)
    for _ in range(recipe.epochs):
        rows = chance.sample(range(len(texts)), len(texts))
        batches = []
        for start in range(0, len(rows), 16 * recipe.batch):
            near = sorted(rows[start : start + 16 * recipe.batch], key=lambda row: len(texts[row]))
            batches += [near[cut : cut + recipe.batch] for cut in range(0, len(near), recipe.batch)]
        chance.shuffle(batches)
        yield from batches
