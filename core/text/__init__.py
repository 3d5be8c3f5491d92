"""Text as machines read it.

normalise  one form for what citizens type: full width, traditional, HTML, invisible characters
segment    words, and the terms that a lexical index holds
encode     sentences to vectors: `encoder()`, `pinned()`, `put_in_service()`, `per_encoder`
onnx, pretrained  the two sorts of model that do so; `batches`: what they share
models     model files named by content digest and the carriers that may hold them
bert, lessons, tuning  a city's own encoder: trainable and back, what it learns from, learning (extra `models`)
index      nearest vectors in memory: `VectorIndex`
"""
