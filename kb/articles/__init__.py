"""Knowledge articles: what they hold, where they come from, their life from draft to withdrawn.

Importer       one run over documents of any format: a file, a folder or a ZIP, in chunks that the caller commits
uploads        files sent from a browser, made into drafts by a job, with their report
import_folder  Markdown with front matter, a folder or one file, published as it is
load_city      the city's own articles; doing it twice changes nothing
get, listing, due, history   one article; those that staff look through
drafts         propose, save, submit, discard: a change on its way, beside what is published
publish, send_back, withdraw, roll_back, republish, still_valid   what is decided (two pairs of eyes)
differences    what differs between two texts
attachments    files of an article
"""

from kb.articles import uploading, uploads
from kb.articles.importing import Importer, import_folder, load_city
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
from kb.articles.placing import Defaults
from kb.articles.report import Report

__all__ = [
    "Article",
    "ArticleVersion",
    "Defaults",
    "Draft",
    "Importer",
    "Report",
    "Stage",
    "State",
    "due",
    "get",
    "history",
    "import_folder",
    "listing",
    "load_city",
    "publish",
    "republish",
    "roll_back",
    "send_back",
    "still_valid",
    "uploading",
    "uploads",
    "withdraw",
]
