"""Knowledge articles: what they hold, where they come from, their life from draft to withdrawn.

import_folder  Markdown with front matter, a folder or one file
import_csv     one article a row
load_city      the city's own articles; doing it twice changes nothing
get, listing, due, history   one article; those that staff look through
drafts         propose, save, submit, discard: a change on its way, beside what is published
publish, send_back, withdraw, roll_back, republish, still_valid   what is decided (two pairs of eyes)
differences    what differs between two texts
attachments    files of an article
"""

from kb.articles.importing import Report, import_csv, import_folder, load_city
from kb.articles.lifecycle import (
    due,
    get,
    history,
    listing,
    publish,
    republish,
    roll_back,
    send_back,
    still_valid,
    withdraw,
)
from kb.articles.model import Article, ArticleVersion, Draft, Stage, State

__all__ = [
    "Article",
    "ArticleVersion",
    "Draft",
    "Report",
    "Stage",
    "State",
    "due",
    "get",
    "history",
    "import_csv",
    "import_folder",
    "listing",
    "load_city",
    "publish",
    "republish",
    "roll_back",
    "send_back",
    "still_valid",
    "withdraw",
]
