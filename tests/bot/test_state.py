"""The engine's state travels as JSON and survives another version of the program."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import state_versions
from bot.engine.state import VERSION, Command, Form, KnownTicket, Option, Place, State, Told, read

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
    waiting=st.lists(st.builds(Told, words, st.booleans()), max_size=2),
    aside=st.lists(forms, max_size=1),
    tickets=st.lists(st.builds(KnownTicket, number=words, code=words), max_size=2),
)


@given(states)
def test_what_is_written_is_read(state: State) -> None:
    assert read(json.loads(json.dumps(state.as_json()))) == state


def test_a_new_conversation_has_an_empty_state_in_its_language() -> None:
    assert read({"locale": "en"}) == State(locale="en")


def test_of_a_later_version_what_fits_is_read() -> None:
    state = State(locale="en", expects="confirm", form=Form(description="x"), tickets=[KnownTicket("n", "c")])
    later = state.as_json() | {"version": 99, "of_tomorrow": [1]}
    assert read(later) == state
    kept = State(locale="en", form=Form(description="x"), tickets=[KnownTicket("n", "c")])
    assert read(later | {"waiting": 7}) == kept  # but for the open question, which is put again


def test_every_version_before_the_present_leads_to_the_next() -> None:
    assert set(state_versions.MIGRATIONS) == set(range(1, VERSION))


def test_matters_that_waited_as_lines_wait_one_by_one() -> None:
    read_ = read(State().as_json() | {"version": 1, "waiting": "长江路3号垃圾没人清\n楼下烧烤太吵"})
    assert read_.waiting == [Told("长江路3号垃圾没人清"), Told("楼下烧烤太吵")]


@pytest.mark.parametrize("broken", [{"form": 7}, {"tickets": "x"}, {"options": [{"code": 1}]}])
def test_a_broken_state_begins_anew(broken: dict[str, object]) -> None:
    assert read({"locale": "zh_CN", **broken}) == State()
