"""The door: the line's mailbox.

router    `/channels/email`: one mail, handed over by the city's mail server or by an inbound-mail service
deliver   sends a notice as a mail, in the thread that it belongs to

Formats: RFC 5322 (messages), RFC 2045–2047 (MIME), RFC 3834 (automatic answers), RFC 5321 (SMTP).
"""

from channels.email.delivery import deliver
from channels.email.endpoints import router

__all__ = ["deliver", "router"]
