"""The engine's state travels as JSON and survives another version of the program."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.state import Command, Form, KnownTicket, Option, Place, State, read

words = st.text(max_size=30)
forms = st.builds(
    Form,
    description=words,
    place=st.builds(Place, text=words, district=st.none() | words, candidates=st.lists(words, max_size=3)),
    elements=st.dictionaries(words, words, max_size=3),
    asked=st.dictionaries(words, st.integers(0, 5), max_size=3),
    confidential=st.none() | st.booleans(),
)
states = st.builds(
    State,
    expects=words,
    options=st.lists(st.builds(Option, words, words), max_size=3),
    form=st.none() | forms,
    command=st.none() | st.builds(Command, name=words, solved=st.none() | st.booleans()),
    tickets=st.lists(st.builds(KnownTicket, number=words, code=words), max_size=2),
)


@given(states)
def test_what_is_written_is_read(state: State) -> None:
    assert read(json.loads(json.dumps(state.as_json()))) == state


def test_a_new_conversation_has_an_empty_state_in_its_language() -> None:
    assert read({"locale": "en"}) == State(locale="en")


def test_of_another_version_language_and_tickets_stay() -> None:
    state = State(locale="en", expects="confirm", form=Form(description="x"), tickets=[KnownTicket("n", "c")])
    kept = read(state.as_json() | {"version": 99})
    assert kept == State(locale="en", tickets=[KnownTicket("n", "c")])


@pytest.mark.parametrize("broken", [{"form": 7}, {"tickets": "x"}, {"options": [{"code": 1}]}])
def test_a_broken_state_begins_anew(broken: dict[str, object]) -> None:
    assert read({"locale": "zh_CN", **broken}) == State()
