"""Knowledge articles: what they hold, where they come from, their life from draft to withdrawn.

import_folder  Markdown with front matter, a folder or one file
import_csv     one article a row
load_city      the city's own articles; doing it twice changes nothing
get, listing   one article; those that staff look through
publish, withdraw
"""

from kb.articles.importing import Report, import_csv, import_folder, load_city
from kb.articles.lifecycle import get, history, listing, publish, withdraw
from kb.articles.model import Article, ArticleVersion, State

__all__ = [
    "Article",
    "ArticleVersion",
    "Report",
    "State",
    "get",
    "history",
    "import_csv",
    "import_folder",
    "listing",
    "load_city",
    "publish",
    "withdraw",
]
