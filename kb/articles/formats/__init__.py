"""Other people's documents as articles: DOCX, PDF, HTML, Markdown and question lists, from files or out of a ZIP.

Reader   reads in a process of its own, with limits of time and memory, so that no file can stop the line
sources  the files of a folder or a ZIP, in order
Found    an article as far as the file says it; Merged: a row that went into another; Refused: why a file was left
"""

from kb.articles.formats.found import Found, Merged, Refused
from kb.articles.formats.process import Reader
from kb.articles.formats.sources import Source, sources

__all__ = ["Found", "Merged", "Reader", "Refused", "Source", "sources"]
