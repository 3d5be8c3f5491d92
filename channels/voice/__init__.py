"""The door: telephone and text messages, through Twilio.

router    `/channels/twilio/voice…`: calls, speech first; `/channels/twilio/sms`: text messages
deliver   sends a notice as a text message

Protocol: https://www.twilio.com/docs/voice/twiml and https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

from channels.voice.delivery import deliver
from channels.voice.endpoints import router

__all__ = ["deliver", "router"]
