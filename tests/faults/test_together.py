"""Many at once on one ticket, over HTTP against the running line: one is first, the others hear why not."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from tests.faults.watching import Watched
from tests.processes import REQUEST, TICKETS

LEAD = "urban_management"
# The catalogue knows no lead for it: it waits for an agent.
UNCLEAR = REQUEST | {"category": None, "title": "有件事想反映", "description": "有件事想反映，请转给有关部门处理。"}
AT_ONCE = 6


def for_an_agent(watched: Watched) -> str:
    """Open a ticket that no job dispatches; return its number."""
    opened = watched.give("agent", "", UNCLEAR)
    assert opened.status_code == 201, opened.text
    number: str = opened.json()["number"]
    done = "select count(*) > 0 from procrastinate_jobs where lock = %s and status = 'succeeded'"
    watched.line.until(lambda: watched.ask(done, f"ticket:{number}") == [(True,)], "the job has looked at it")
    assert watched.state(number) == "new"
    return number


def sentence(answer: httpx.Response) -> str:
    return str(answer.json()["detail"])


def test_of_two_agents_who_dispatch_one_ticket_one_does_and_the_other_reads_why_not(watched: Watched) -> None:
    number = for_an_agent(watched)
    leads = ["urban_management", "power_supply", "housing"] * 2
    watched.give("agent", f"/{number}/dispatch", {})  # signed in, refused: nobody waits for a password to be checked
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = [
            partial(watched.give, "agent", f"/{number}/dispatch", {"department": lead, "reason": "职责范围"})
            for lead in leads
        ]
        answers = [each.result() for each in [pool.submit(call) for call in calls]]
    assert Counter(each.status_code for each in answers) == {200: 1, 409: AT_ONCE - 1}
    (done,) = [(lead, each) for lead, each in zip(leads, answers, strict=True) if each.is_success]
    assert {sentence(each) for each in answers if not each.is_success} == {"工单现在的状态是“已派单”，不能派单。"}
    assert watched.ask("select lead, state from tickets where number = %s", number) == [(done[0], "dispatched")]
    assert watched.events(number) == ["opened", "dispatched"]


def test_the_same_command_many_times_at_once_is_done_once_and_answered_alike(watched: Watched) -> None:
    number = for_an_agent(watched)
    assert watched.give("agent", f"/{number}/dispatch", {"department": LEAD, "reason": "职责范围"}).is_success
    assert watched.give(LEAD, f"/{number}/accept", {}).is_success
    with ThreadPoolExecutor(AT_ONCE) as pool:
        contact = partial(watched.give, LEAD, f"/{number}/contact", {"note": "已电话联系"}, f"once-{number}")
        answers = [each.result() for each in [pool.submit(contact) for _ in range(AT_ONCE)]]
        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 1
        accept = partial(watched.give, LEAD, f"/{number}/accept", {})
        again = [each.result() for each in [pool.submit(accept) for _ in range(AT_ONCE)]]
    assert {(each.status_code, sentence(each)) for each in again} == {(409, "工单现在的状态是“办理中”，不能签收。")}
    assert watched.events(number) == ["opened", "dispatched", "accepted", "contacted"]


def test_a_ticket_asked_for_many_times_at_once_with_one_key_is_opened_once(watched: Watched) -> None:
    before = watched.ask("select count(*) from tickets")[0][0]
    watched.call("agent", f"{TICKETS.removeprefix('/api/v1/staff')}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        opening = partial(watched.give, "agent", "", REQUEST, "together")
        answers = [each.result() for each in [pool.submit(opening) for _ in range(AT_ONCE)]]
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert watched.ask("select count(*) from tickets")[0][0] == before + 1
