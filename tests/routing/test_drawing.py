"""The documentation shows the machine that the code is."""

from pathlib import Path

from routing import drawing
from routing.workflow import TicketMachine

PAGE = Path(__file__).parents[2] / "docs" / "tickets.md"


def test_the_page_is_as_the_code_draws_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert drawing.redrawn(text) == text, "run ./yitong machine --write docs/tickets.md"


def test_every_way_between_states_is_drawn() -> None:
    drawn = drawing.machine()
    for state in TicketMachine.states:
        for transition in state.transitions:
            assert transition.target is not None
            assert transition.target.id == state.id or f"{state.id} --> {transition.target.id}:" in drawn
