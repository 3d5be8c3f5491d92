"""A city's own encoder: contrastive fine-tuning with sentence-transformers, on texts that belong together.

Supervised contrastive learning (Khosla et al. 2020, arXiv:2004.11362): in a batch, each text is drawn to those of its
group and pushed from the rest. What is unrelated keeps the cosine that it had, for the line's thresholds are measured
in it: the square of the change is added to the loss. A run that is interrupted goes on where its last checkpoint was.
Needs the extra `models`.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import Unavailable
from core.text import bert
from core.text.encode import Vectors
from core.text.lessons import Lessons, Pair
from core.text.pretrained import INSTALL, digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

CHECKPOINT = "checkpoint.pt"
TRIED = 2  # steps of each precision that decide which one is faster

Progress = Callable[[int, int, float], None]  # steps done, steps in all, loss


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to tune. The defaults were chosen on the sample city (docs/understanding.md)."""

    epochs: int = 3
    pairs: int = 16  # in a batch; each is two texts
    tokens: int = 128  # read of a text; as many characters as one piece of a letter has
    rate: float = 5e-5
    temperature: float = 0.05
    steadiness: float = 20.0  # weight of keeping unrelated cosines where they were
    save_seconds: float = 60.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: steps in all, those it found done already, seconds a step, and whether it used bfloat16."""

    steps: int
    resumed_at: int
    seconds_per_step: float
    bfloat16: bool


def tune(
    model: "SentenceTransformer",
    lessons: Lessons,
    *,
    folder: Path,
    recipe: Recipe = Recipe(),
    progress: Progress = lambda done, steps, loss: None,
) -> Run:
    """Tune `model` in place, keeping checkpoints in `folder`, where a run of the same model, recipe and texts goes
    on.

    Whoever calls deletes the folder in the end. Raises Unavailable where the libraries are missing, and whatever
    `progress` raises, which is a way to stop: the checkpoint stays.
    """
    try:
        import torch
    except ImportError:
        raise Unavailable(f"Tuning an encoder needs more libraries: {INSTALL}.") from None
    torch.manual_seed(recipe.seed)
    longest = model.max_seq_length
    texts = lessons.texts()
    trainer = _Trainer(model, recipe, dict(zip(texts, bert.encode(model, texts), strict=True)))
    batches = [batch for epoch in range(recipe.epochs) for batch in lessons.batches(recipe.pairs, recipe.seed + epoch)]
    trainer.prepare(len(batches))
    made_from = json.dumps([digest(model), lessons.digest(), asdict(recipe)])
    folder.mkdir(parents=True, exist_ok=True)
    done = resumed = trainer.resume(folder / CHECKPOINT, made_from)
    if not resumed:
        trainer.choose_precision(batches[0])
    begun = saved = time.monotonic()
    try:
        for batch in batches[resumed:]:
            loss = trainer.step(batch)
            done += 1
            progress(done, len(batches), loss)
            if time.monotonic() - saved > recipe.save_seconds:
                trainer.save(folder / CHECKPOINT, made_from, done)
                saved = time.monotonic()
    finally:
        model.max_seq_length = longest
        if done > resumed:
            trainer.save(folder / CHECKPOINT, made_from, done)
    model.eval()
    return Run(
        steps=len(batches),
        resumed_at=resumed,
        seconds_per_step=round((time.monotonic() - begun) / max(len(batches) - resumed, 1), 3),
        bfloat16=trainer.bfloat16,
    )


class _Trainer:
    """The model, its optimiser and where it stands."""

    def __init__(self, model: "SentenceTransformer", recipe: Recipe, before: dict[str, Vectors]) -> None:
        import torch

        self._model, self._recipe, self._before = model, recipe, before
        model.max_seq_length = min(recipe.tokens, model.max_seq_length or recipe.tokens)
        model.train()
        trained = [(name, each) for name, each in model.named_parameters() if ".pooler." not in name]
        decayed = [each for _, each in trained if each.ndim > 1]
        plain = [each for _, each in trained if each.ndim <= 1]
        self._optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=recipe.rate
        )
        self.bfloat16 = False

    def prepare(self, steps: int) -> None:
        """Warm up over a tenth of the steps, then fall to nothing."""
        import torch

        warm = max(1, steps // 10)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda step: (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm)),
        )

    def choose_precision(self, batch: list[Pair]) -> None:
        """Use bfloat16 where a batch is faster with it: processors that only imitate it are slower."""
        seconds = {}
        for self.bfloat16 in (False, True):
            self._loss(batch).backward()  # the first of a kind prepares what the next ones use
            begun = time.monotonic()
            for _ in range(TRIED):
                self._loss(batch).backward()
            seconds[self.bfloat16] = time.monotonic() - begun
        self._optimiser.zero_grad(set_to_none=True)
        self.bfloat16 = seconds[True] < seconds[False]

    def step(self, batch: list[Pair]) -> float:
        """Learn from one batch and return its loss."""
        import torch

        loss = self._loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _loss(self, batch: list[Pair]) -> "Tensor":
        import torch
        from sentence_transformers.util import batch_to_device

        device = self._model.device
        features = batch_to_device(self._model.preprocess([text for text, _ in batch]), device)
        with torch.autocast(device.type, torch.bfloat16) if self.bfloat16 else nullcontext():
            vectors = self._model(features)["sentence_embedding"]
        vectors = torch.nn.functional.normalize(vectors.float(), dim=1)
        cosines = vectors @ vectors.T
        before = torch.from_numpy(np.stack([self._before[text] for text, _ in batch])).to(device)
        labels = np.array([label for _, label in batch])
        same = torch.from_numpy(labels[:, None] == labels[None, :]).to(device)
        itself = torch.eye(len(batch), dtype=torch.bool, device=device)
        likely = torch.log_softmax((cosines / self._recipe.temperature).masked_fill(itself, -torch.inf), dim=1)
        drawn = -likely[same & ~itself].mean()
        moved = (cosines - before @ before.T)[~same].square().mean()
        return drawn + self._recipe.steadiness * moved

    def save(self, path: Path, made_from: str, done: int) -> None:
        """Write a checkpoint, whole or not at all."""
        import torch

        state: dict[str, Any] = {
            "made_from": made_from,
            "done": done,
            "model": self._model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "chance": torch.get_rng_state(),
            "bfloat16": self.bfloat16,
        }
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def resume(self, path: Path, made_from: str) -> int:
        """Take up the checkpoint where it is of the same making; return the steps done."""
        import torch

        try:
            state = torch.load(path, weights_only=True)
        except Exception:  # none, or a broken one: begin anew
            return 0
        if state.get("made_from") != made_from:
            return 0
        fresh = {name: weights.clone() for name, weights in self._model.state_dict().items()}
        try:
            self._model.load_state_dict(state["model"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._schedule.load_state_dict(state["schedule"])
        except (RuntimeError, ValueError, KeyError):  # of another release of the libraries: begin anew
            self._model.load_state_dict(fresh)
            return 0
        torch.set_rng_state(state["chance"])
        self.bfloat16 = bool(state["bfloat16"])
        return int(state["done"])
