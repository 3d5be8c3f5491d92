"""Rasa's side of the channel; runs inside Rasa's own environment (`docs/rasa.md`).

A message brings everything: the text, what it means (parse_data), the events that rebuild the tracker, and the port on
which its process runs actions. Nothing of it is kept when the turn is answered, so Rasa may be restarted at any time.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any

import structlog
from jsonschema import Draft7Validator
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

log = structlog.get_logger()
_port: ContextVar[int] = ContextVar("port")  # of the process whose turn this is

# Rasa checks every answer of an action against one constant schema, and each time whether that schema is one (65 ms).
# The same check, with the schema looked at once.
_ANSWER = Draft7Validator(RemoteAction.action_response_format_spec())


def _validate(self: RemoteAction, result: dict[str, Any]) -> bool:
    _ANSWER.validate(result)
    return True


RemoteAction._validate_action_result = _validate


_open: dict[str, DialogueStateTracker] = {}  # of the turns that are being answered


class TurnTrackers(TrackerStore):
    """Trackers of turns that are being answered."""

    def __init__(self, domain: Domain, event_broker: Any = None, **_: Any) -> None:
        super().__init__(domain, event_broker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the tracker while its turn lasts."""
        _open[tracker.sender_id] = tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the tracker of a turn."""
        return _open.get(sender_id)

    async def keys(self) -> Iterable[str]:
        """Return the turns that are being answered."""
        return list(_open)


class TurnEndpoint(EndpointConfig):
    """The action endpoint of the process that sent the message."""

    @property
    def url(self) -> str:
        """Return the address on loopback."""
        return f"http://127.0.0.1:{_port.get()}"

    @url.setter
    def url(self, given: str) -> None:
        pass  # endpoints.yml names none that is called


class Collected(CollectingOutputChannel):
    """What is said in a turn, each message whole."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return YitongInput.name()

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Collect a message; the stock channel would make two of text and custom data."""
        self.messages.append({key: message[key] for key in ("text", "custom", "buttons") if message.get(key)})


class YitongInput(InputChannel):
    """`POST /webhooks/yitong/turn`: one turn of a citizen in, what Rasa made of it out."""

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "yitong"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "YitongInput":
        """Return the channel; without a token it stays closed."""
        token = (credentials or {}).get("token")
        if not token:
            cls.raise_missing_credentials_exception()
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the route."""
        door = Blueprint("yitong", "yitong_channel")

        @door.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            if not hmac.compare_digest((request.token or "").encode(), self.token.encode()):
                return empty(401)
            agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return empty(503)
            if not isinstance(agent.processor.action_endpoint, TurnEndpoint):
                agent.processor.action_endpoint = TurnEndpoint(headers=agent.action_endpoint.headers)
            try:
                return json(await _answer(agent, request.json, on_new_message))
            except Exception as error:  # told as what it is: an empty list would look like an answer
                log.error("turn.failed", error=type(error).__name__)
                return empty(500)

        return door


async def _answer(agent: Any, body: dict[str, Any], on_new_message: Callable[..., Awaitable[Any]]) -> dict[str, Any]:
    _port.set(int(body["port"]))
    sender = str(body["turn"])
    before = deserialise_events(body["events"])
    tracker = DialogueStateTracker.from_events(sender, before, slots=agent.domain.slots, domain=agent.domain)
    await agent.tracker_store.save(tracker)
    collected = Collected()
    message = UserMessage(body["text"], collected, sender, body["parse_data"], input_channel=YitongInput.name())
    try:
        await on_new_message(message)
        tracker = _open[sender]
    finally:
        _open.pop(sender, None)
    return {
        "messages": collected.messages,
        "slots": tracker.current_slot_values(),
        "loop": tracker.active_loop_name,
        "events": [_remembered(event) for event in list(tracker.events)[len(before) :] if event.type_name in KEPT],
    }


KEPT = ("user", "action", "active_loop")


def _remembered(event: Any) -> dict[str, Any]:
    """Return of an event what a later turn's policies look at: no words."""
    if isinstance(event, UserUttered):
        return {"event": "user", "parse_data": {"intent": {"name": event.intent_name}, "entities": []}}
    return {key: value for key, value in event.as_dict().items() if key in ("event", "name", "policy")}
