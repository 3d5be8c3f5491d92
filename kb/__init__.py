"""Floor 2: the knowledge base.

search(session, query)      the articles that fit, best first; none where nothing fits
answer(session, question)   the passage that answers, with its source, or None
quote(session, id, question)  one article's passage, where the citizen chose the article, a section or a condition
follow(session, id, text)     what the article in hand says to a few words that go on about it
conflicts(session)            pairs of articles that contradict each other, for staff
articles                    import_folder, import_csv, load_city, get, listing, publish, withdraw
questions, feedback         record: what was asked and whether an article answered; whether that helped
evaluation                  evaluate(corpus, queries): this retrieval on any corpus
"""

from kb.answers import Answer, Hit, answer, conflicts, follow, quote, search

__all__ = ["Answer", "Hit", "answer", "conflicts", "follow", "quote", "search"]
