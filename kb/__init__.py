"""Floor 2: the knowledge base.

articles   what is published, imported and expired
retrieval  hybrid search: `search`
answers    `answer`: the passage that answers, with its source, or None
unanswered the log of questions that had no answer
"""
