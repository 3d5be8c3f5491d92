"""The default encoder's int8 ONNX file as a trainable BERT, and a tuned BERT back into such a file.

Where only the quantised file can be had, its weights are multiplied out again and loaded into transformers' BertModel:
the graph is that of a BERT, so nothing but the rounding is lost (cosine to the ONNX output at least `LEAST_COSINE`).
The way back rounds the weights by chance into a copy of the same graph: as fast to serve as the original. Rounding to
the nearest would undo the tuning, for each weight starts on the grid and moves by less than half a step (measured:
cosine to the tuned model 0.987; with chance, which keeps the mean of what moved, 0.995). Needs the extra `models`.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from numpy.typing import NDArray

from core.errors import Unavailable
from core.text import models
from core.text.encode import Encoder, Vectors
from core.text.models import ModelFiles
from core.text.pretrained import INSTALL, quieten

if TYPE_CHECKING:
    from onnx import ModelProto
    from sentence_transformers import SentenceTransformer

LEAST_COSINE = 0.99
MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
STEPS = 64  # int8 weights keep to ±64: older processors add two products in 16 bits, where ±127 would overflow
PROBES = (
    "路灯坏了三天没人修",
    "公积金怎么提取，需要什么材料",
    "楼上半夜装修噪音太大了，我已经打了三次电话没有人来管",
    "孩子上户口",
    "城东区人民路88号门口井盖松动，车一过就响，晚上睡不着觉，也怕有人掉下去，希望尽快派人处理。",
    "谢谢你们",
)
# Name in BertModel → name in the graph. The three tables first, then the layers' matrices, then what was never rounded.
_TABLES = {
    f"embeddings.{each}_embeddings.weight": f".model.embeddings.{each}_embeddings.weight"
    for each in ("word", "position", "token_type")
}
_MATRICES = {
    "attention.self.query": "attn.q_proj",
    "attention.self.key": "attn.k_proj",
    "attention.self.value": "attn.v_proj",
    "attention.output.dense": "attn.o_proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
}
_NORMS = {
    "attention.output.LayerNorm": "attention_output_norm_layernorm",
    "output.LayerNorm": "mlp_output_norm_layernorm",
}
_FIRST_NORM = "model.layers.-1.embeddings_norm_layernorm"

Tensors = Mapping[str, NDArray[Any]]


def _needs_extra() -> Unavailable:
    return Unavailable(f"Tuning an encoder needs more libraries: {INSTALL}.")


def _tensors(graph: "ModelProto") -> dict[str, NDArray[Any]]:
    from onnx import numpy_helper

    return {each.name: numpy_helper.to_array(each) for each in graph.graph.initializer}


def _layers(tensors: Tensors) -> int:
    found = [int(match[1]) for name in tensors if (match := re.match(r"model\.layers\.(\d+)\.", name))]
    return max(found, default=-1) + 1


def _heads(graph: "ModelProto") -> int:
    return next(
        int(attribute.i)
        for node in graph.graph.node
        if node.op_type == "MultiHeadAttention"
        for attribute in node.attribute
        if attribute.name == "num_heads"
    )


def _plain(layers: int) -> dict[str, str]:
    """Return what stands in the graph as it stands in the model: biases and norms."""
    names = {f"embeddings.LayerNorm.{part}": f"{_FIRST_NORM}.{part}" for part in ("weight", "bias")}
    for layer in range(layers):
        ours, theirs = f"encoder.layer.{layer}", f"model.layers.{layer}"
        names |= {f"{ours}.{own}.bias": f"{theirs}.{other}.Add.bias" for own, other in _MATRICES.items()}
        for own, other in _NORMS.items():
            names |= {f"{ours}.{own}.{part}": f"{theirs}.{other}.{part}" for part in ("weight", "bias")}
    return names


def _matrices(layers: int) -> dict[str, str]:
    """Return the rounded matrices, which the graph holds transposed."""
    return {
        f"encoder.layer.{layer}.{own}.weight": f"model.layers.{layer}.{other}.MatMul.weight"
        for layer in range(layers)
        for own, other in _MATRICES.items()
    }


def _state(tensors: Tensors) -> dict[str, NDArray[np.float32]]:
    """Return BertModel's weights out of the graph's. Raises KeyError where it is another graph."""

    def multiplied(name: str) -> NDArray[np.float32]:
        shifted = tensors[f"{name}_quantized"].astype(np.float32) - tensors[f"{name}_zero_point"].astype(np.float32)
        made: NDArray[np.float32] = shifted * tensors[f"{name}_scale"]
        return made

    layers = _layers(tensors)
    return (
        {own: multiplied(name) for own, name in _TABLES.items()}
        | {own: multiplied(name).T for own, name in _matrices(layers).items()}
        | {own: tensors[name] for own, name in _plain(layers).items()}
    )


def restore(files: ModelFiles, folder: Path, *, beside: Encoder) -> "SentenceTransformer":
    """Write the encoder of `files` into `folder` as a sentence-transformers model that can be trained; return it.

    `beside` is the encoder of the same files, which it is compared with. Raises Unavailable where the libraries are
    missing, the graph is no BERT of the kind that is understood, or the two do not agree.
    """
    try:
        import onnx
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
        from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

        quieten()
    except ImportError:
        raise _needs_extra() from None
    graph = onnx.load(str(files.files["model"]))
    try:
        state = _state(_tensors(graph))
        words, width = state["embeddings.word_embeddings.weight"].shape
        config = BertConfig(
            vocab_size=words,
            hidden_size=width,
            num_hidden_layers=_layers(_tensors(graph)),
            num_attention_heads=_heads(graph),
            intermediate_size=len(state["encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(state["embeddings.position_embeddings.weight"]),
        )
    except (KeyError, StopIteration):
        raise Unavailable(f"The encoder {files.name} is not a BERT whose weights can be turned back.") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries to their developers
        bert = BertModel(config, add_pooling_layer=False)
        bert.load_state_dict({name: torch.from_numpy(np.array(weights)) for name, weights in state.items()})
        bert.save_pretrained(folder)
        special = {each: f"[{each[:-6].upper()}]" for each in ("pad_token", "unk_token", "cls_token", "sep_token")}
        tokenizer: Any = PreTrainedTokenizerFast
        tokenizer(
            tokenizer_file=str(files.files["tokenizer"]),
            model_max_length=files.longest,
            mask_token="[MASK]",
            **special,
        ).save_pretrained(folder)
        model = SentenceTransformer(
            modules=[Transformer(str(folder), max_seq_length=files.longest), Pooling(width, "cls"), Normalize()],
            device="cpu",
        )
        model.save(str(folder), create_model_card=False)
    agree(encode(model, PROBES), beside.encode(PROBES), f"the trainable form of {files.name}")
    return model


def encode(model: "SentenceTransformer", texts: Sequence[str]) -> Vectors:
    """Return the vectors of a model in training, of length one, shape (len(texts), dimension)."""
    was_training = model.training
    model.eval()
    vectors: Vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    model.train(was_training)
    return vectors.astype(np.float32)


def agree(vectors: Vectors, others: Vectors, what: str) -> float:
    """Return the mean cosine of two sets of vectors of the same sentences. Raises Unavailable below the least."""
    cosine = float((vectors * others).sum(axis=1).mean())
    if not cosine >= LEAST_COSINE:
        raise Unavailable(f"The vectors of {what} do not agree with those it came from (cosine {cosine:.3f}).")
    return cosine


def _by_chance(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round down or up, the nearer the likelier; what is whole stays, and the same values go the same way."""
    chance = np.random.default_rng(0).random(values.shape, dtype=np.float32)
    whole = np.rint(values)
    made: NDArray[np.float32] = np.where(np.abs(values - whole) < 1e-3, whole, np.floor(values + chance))
    return made


def _rounded(name: str, weights: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return a matrix (inputs, outputs) as int8 with one scale an output, symmetric."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-8).astype(np.float32) / STEPS
    return {
        f"{name}_quantized": np.clip(_by_chance(weights / scale), -STEPS, STEPS).astype(np.int8),
        f"{name}_scale": scale.astype(np.float32),
        f"{name}_zero_point": np.zeros(len(scale), dtype=np.int8),
    }


def _rounded_table(name: str, weights: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return a table of embeddings as uint8 with one scale and one zero point."""
    least, most = min(float(weights.min()), 0.0), max(float(weights.max()), 0.0)
    scale = max(most - least, 1e-8) / 255
    zero = round(-least / scale)
    return {
        f"{name}_quantized": np.clip(_by_chance(weights / scale) + zero, 0, 255).astype(np.uint8),
        f"{name}_scale": np.array(scale, dtype=np.float32),
        f"{name}_zero_point": np.array(zero, dtype=np.uint8),
    }


def export(model: "SentenceTransformer", like: ModelFiles, folder: Path, *, name: str) -> float:
    """Write a tuned model into `folder` as an int8 encoder that serves without the extra; return the mean cosine.

    `like`: the files that the model was restored from, whose graph is used; `name`: what the encoder is called. Raises
    Unavailable where the rounded vectors do not agree with the model's.
    """
    import onnx
    from onnx import numpy_helper

    from core.text.onnx import OnnxEncoder

    graph = onnx.load(str(like.files["model"]))
    bert: Any = model[0]
    state = {each: weights.detach().float().numpy() for each, weights in bert.auto_model.state_dict().items()}
    layers = _layers(_tensors(graph))
    made: dict[str, NDArray[Any]] = {}
    for own, theirs in _TABLES.items():
        made |= _rounded_table(theirs, state[own])
    for own, theirs in _matrices(layers).items():
        made |= _rounded(theirs, state[own].T)
    made |= {theirs: state[own] for own, theirs in _plain(layers).items()}
    for each in graph.graph.initializer:
        if each.name in made:
            each.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(made[each.name]), each.name))
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(graph, str(folder / MODEL))
    (folder / TOKENIZER).write_bytes(like.files["tokenizer"].read_bytes())
    _write_card(folder, like, name)
    return agree(OnnxEncoder(models.in_folder(folder)).encode(PROBES), encode(model, PROBES), "the int8 export")


def _write_card(folder: Path, like: ModelFiles, name: str) -> None:
    files = {"model": MODEL, "tokenizer": TOKENIZER}
    card = {
        "name": name,
        "dimension": like.dimension,
        "longest": like.longest,
        "output": like.output,
        "files": {role: {"file": file, "sha256": models.sha256(folder / file)} for role, file in files.items()},
    }
    (folder / models.CARD).write_text(yaml.safe_dump(card, sort_keys=False), encoding="utf-8")
