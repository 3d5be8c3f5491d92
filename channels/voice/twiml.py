"""TwiML: what Twilio is told to say, to listen for and to connect."""

from urllib.parse import urlencode

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from channels.voice.account import address
from channels.voice.wording import language
from core.settings import settings

BASE = "/channels/twilio/voice"
QUEUE = "yitong"  # the Twilio queue in which callers wait for a person
DIAL_SECONDS = 40  # a seat may ring this long
LONGEST_WAIT_SECONDS = 20  # between two announcements to a waiting caller


def ask(sentences: list[str], *, turn: int, silences: int = 0, one_key: bool = False) -> str:
    """Say the sentences and listen; the caller may begin to speak, or press keys, while they are said.

    `turn`: number of what the caller will say, by which a repeated webhook is known; `silences`: how often nothing was
    heard before; `one_key`: a choice is open, so that the first key is the answer.
    """
    response = VoiceResponse()
    gather = response.gather(
        input="speech dtmf",
        language=language(),
        speech_timeout="auto",
        profanity_filter=False,  # a complaint is taken down as it is said
        action=address(f"{BASE}/gather?{urlencode({'turn': turn, 'silences': silences})}"),
        method="POST",
        action_on_empty_result=True,
        **({"num_digits": 1} if one_key else {}),
    )
    for sentence in sentences:
        gather.say(sentence, language=language())
    return str(response)


def transfer(sentences: list[str], *, turn: int) -> str:
    """Say the sentences and connect the caller to a person: the seats' number, or a queue that they answer."""
    response = _saying(sentences)
    number = settings().twilio_agent_number
    after = urlencode({"turn": turn})
    if number:
        dial = response.dial(action=address(f"{BASE}/dialled?{after}"), method="POST", timeout=DIAL_SECONDS)
        dial.number(number)
    else:
        response.enqueue(
            QUEUE,
            action=address(f"{BASE}/queue?{after}"),
            method="POST",
            wait_url=address(f"{BASE}/wait"),
            wait_url_method="POST",
        )
    return str(response)


def wait(sentences: list[str]) -> str:
    """Say where the caller stands, and be silent for a while; Twilio then asks again."""
    response = _saying(sentences)
    response.pause(length=LONGEST_WAIT_SECONDS)
    return str(response)


def goodbye(sentences: list[str]) -> str:
    """Say the sentences and hang up."""
    response = _saying(sentences)
    response.hangup()
    return str(response)


def text_messages(texts: list[str]) -> str:
    """Answer a text message with others, or with none."""
    response = MessagingResponse()
    for text in texts:
        response.message(text)
    return str(response)


def _saying(sentences: list[str]) -> VoiceResponse:
    response = VoiceResponse()
    for sentence in sentences:
        response.say(sentence, language=language())
    return response
