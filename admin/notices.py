"""Which door delivers which notice."""

from channels import email, voice, web, webhooks, wechat
from core import outbox


def connect_channels() -> None:
    """Connect every door to the outbox."""
    outbox.connect("web", web.deliver)
    outbox.connect("wechat", wechat.deliver)
    outbox.connect("voice", voice.deliver)
    outbox.connect("email", email.deliver)
    outbox.connect("webhook", webhooks.deliver)
