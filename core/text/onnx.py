"""Int8 ONNX encoders on onnxruntime: the default one, and a city's own."""

import numpy as np

from core.text.batches import Batched
from core.text.encode import Vectors
from core.text.models import ModelFiles


class OnnxEncoder(Batched):
    """A sentence encoder that is an ONNX file and a tokenizer."""

    def __init__(self, found: ModelFiles) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        super().__init__()
        self.fingerprint = found.fingerprint
        self.dimension = found.dimension
        self._output = found.output
        self._tokenizer = Tokenizer.from_file(str(found.files["tokenizer"]))
        self._tokenizer.enable_truncation(found.longest)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a sentence is too short to share; batches run side by side instead
        self._session = onnxruntime.InferenceSession(
            str(found.files["model"]),
            options,
            providers=["CPUExecutionProvider"],
            # The fused layer is the slower one on a processor: with it a sentence takes a fifth longer.
            disabled_optimizers=["SkipLayerNormFusion"],
        )
        self._inputs = [each.name for each in self._session.get_inputs()]

    def _run(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        feeds = {
            "input_ids": np.array([each.ids for each in encoded], dtype=np.int64),
            "attention_mask": np.array([each.attention_mask for each in encoded], dtype=np.int64),
            "token_type_ids": np.array([each.type_ids for each in encoded], dtype=np.int64),
        }
        rows: Vectors = self._session.run([self._output], {name: feeds[name] for name in self._inputs})[0]
        return rows
