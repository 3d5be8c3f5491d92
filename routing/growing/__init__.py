"""Topics over time: the line's own tickets on one matter in one place, how hot it is, and an early warning (未诉先办).

tables    `Topic`, `TopicTicket`
gathering the sweep `topics.gather`: every new ticket joins the nearest topic or founds one with another
regrouping the sweep `topics.regroup`: by night `joining` joins topics that are one matter, `parting` parts others
leaving   the job `topics.leave`: a ticket that became secret counts in its topic no more
warnings  whether a topic grows faster than its own past, or is new and large; one warning each
reading   `listing`, `find`, `tickets_of`: for whoever sees all tickets
commands  `acknowledge`, `close`
"""

from routing.growing.commands import acknowledge, close
from routing.growing.gathering import gather
from routing.growing.leaving import leave
from routing.growing.reading import Seen, find, history, listing, tickets_of, warned
from routing.growing.regrouping import regroup
from routing.growing.tables import Topic

__all__ = [
    "Seen",
    "Topic",
    "acknowledge",
    "close",
    "find",
    "gather",
    "history",
    "leave",
    "listing",
    "regroup",
    "tickets_of",
    "warned",
]
