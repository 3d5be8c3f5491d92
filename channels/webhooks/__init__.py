"""The door to departments' own systems: what happens to their tickets, sent to an address of theirs, signed.

subscriptions  who wants to be told where: `create`, `change`, `renew_secret`, `switch`, `replay`, `ping`
signing        the Standard Webhooks signature
addresses      which addresses may be called
posting        the sweep that turns a department's feed into notices
delivery       `deliver`: one notice, one attempt
"""

from channels.webhooks.delivery import deliver

__all__ = ["deliver"]
