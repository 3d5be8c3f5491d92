"""Text as machines read it.

normalise  one form for what citizens type: full width, traditional, HTML, invisible characters
segment    words, and the terms that a lexical index holds
encode     sentences to vectors: `encoder()`
models     model files named by content digest and the carriers that may hold them
index      nearest vectors in memory: `VectorIndex`
"""
