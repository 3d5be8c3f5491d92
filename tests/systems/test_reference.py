"""A department's system against a line in a process of its own: it connects with nothing but the documented interface.

The receiver is down, then fails, then up; the line is killed in between; the secrets are changed. Nothing is lost, and
nothing is done twice.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import REQUEST, TICKETS, Line
from tests.systems.reference_client import Connection, Receiver, receiving


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "a line", YITONG_WEBHOOK_NETWORKS="127.0.0.0/8", YITONG_LOG_FORMAT="json")
    made.start()
    yield made
    made.stop()


class Staff:
    """The centre: an administrator who makes the account, an agent who opens tickets."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def account(self, department: str) -> tuple[str, str]:
        with self.line.signed_in("admin") as client:
            body = {"department": department, "name": "路灯业务平台"}
            made = client.post("/api/v1/staff/systems", json=body)
        assert made.status_code == 201, made.text
        return made.json()["client_id"], made.json()["client_secret"]

    def another_secret(self, id: str) -> str:
        with self.line.signed_in("admin") as client:
            return str(client.post(f"/api/v1/staff/systems/{id}/secrets").json()["client_secret"])

    def retire(self, id: str, secret: str) -> None:
        with self.line.signed_in("admin") as client:
            assert client.delete(f"/api/v1/staff/systems/{id}/secrets/{secret[-4:]}").status_code == 204

    def dispatched(self, count: int) -> set[str]:
        with self.line.signed_in("agent") as client:
            numbers = {client.post(TICKETS, json=REQUEST).json()["number"] for _ in range(count)}
            for number in numbers:
                body = {"department": "urban_management", "reason": "路灯维护归城管"}
                answer = client.post(f"{TICKETS}/{number}/dispatch", json=body)
                assert answer.status_code in {200, 409}, answer.text  # or the line was faster
            for number in numbers:
                path = f"{TICKETS}/{number}"
                self.line.until(lambda path=path: client.get(path).json()["state"] == "dispatched", "dispatched")
        return numbers


def test_a_department_connects_and_nothing_is_lost_or_twice(line: Line) -> None:
    staff = Staff(line)
    id, secret = staff.account("urban_management")
    system = Connection(line.url, id, secret)
    receiver = Receiver(port=0)
    with receiving(receiver):  # only to learn a free port; the receiver is down when the first tickets come
        pass
    webhook = system.request("POST", "/api/v1/systems/webhooks", json={"url": receiver.url}).json()
    receiver.secrets.append(webhook["secret"])
    numbers = staff.dispatched(2)
    path = f"/api/v1/systems/webhooks/{webhook['id']}"
    line.until(lambda: system.request("GET", path).json()["failing_since"] is not None, "a failed attempt")

    receiver.answers = [500]
    with receiving(receiver):
        line.until(lambda: numbers <= {each["data"]["number"] for each in receiver.taken}, "both pushed")
        line.kill()
        line.start()

        # Both secrets are valid while the system changes over.
        system.secret = staff.another_secret(id)
        staff.retire(id, secret)
        receiver.secrets.append(system.request("POST", f"{path}/secret").json()["secret"])
        receiver.secrets.pop(0)

        for number in numbers:
            assert system.command(number, "accept").status_code == 200
            assert system.command(number, "accept").status_code == 409  # done: a sentence says so
            stale = system.request(
                "POST",
                f"{TICKETS}/{number}/contact",
                json={"note": "已联系"},
                headers={"If-Match": '"1"'},
            )
            assert stale.status_code == 412
            contact = {"note": "已电话联系"}
            keyed = {"Idempotency-Key": f"contact-{number}"}
            first = system.request("POST", f"{TICKETS}/{number}/contact", json=contact, headers=keyed)
            if number == min(numbers):
                line.kill()
                line.start()
            again = system.request("POST", f"{TICKETS}/{number}/contact", json=contact, headers=keyed)
            assert again.content == first.content
            assert (
                system.command(number, "reply", result="已更换灯头。", basis="《城市照明管理规定》").status_code == 200
            )

        def replied() -> set[str]:
            return {each["data"]["number"] for each in receiver.taken if each["type"] == "ticket.replied"}

        line.until(lambda: replied() == numbers, "replies pushed")
    system.poll()
    polled = sorted(system.heard.values(), key=lambda each: each["sequence"])
    for number in numbers:
        kinds = [each["type"] for each in polled if each["data"]["number"] == number]
        for once in ("ticket.accepted", "ticket.contacted", "ticket.replied"):
            assert kinds.count(once) == 1, kinds
        assert kinds.index("ticket.dispatched") < kinds.index("ticket.accepted") < kinds.index("ticket.replied")
    # Pushed and polled are the same steps.
    assert {each["id"] for each in receiver.taken} <= set(system.heard)
    assert {each["id"] for each in polled if each["type"] == "ticket.replied"} <= {
        each["id"] for each in receiver.taken
    }
    assert receiver.refused == 0
    system.close()
