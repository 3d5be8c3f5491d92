"""The first limit that matches holds, and a policy file that does not hang together is refused."""

from pathlib import Path

import pytest
import yaml

from core.city import city
from core.errors import BadInput
from routing import policy
from routing.policy import ClockKind, Unit


@pytest.mark.parametrize(
    ("clock", "request_type", "urgency", "amount", "unit"),
    [
        (ClockKind.RESOLVE, "consultation", "general", 2, Unit.WORKING_DAYS),
        (ClockKind.RESOLVE, "complaint", "general", 5, Unit.WORKING_DAYS),
        (ClockKind.RESOLVE, "complaint", "critical", 24, Unit.HOURS),
        (ClockKind.RESOLVE, "consultation", "critical", 24, Unit.HOURS),
        (ClockKind.ACCEPT, "complaint", "urgent", 4, Unit.WORKING_HOURS),
        (ClockKind.RETURN, "tip_off", "general", 2, Unit.WORKING_DAYS),
    ],
)
def test_the_sample_citys_limits(clock: ClockKind, request_type: str, urgency: str, amount: int, unit: Unit) -> None:
    found = policy.sla().policy.limit(clock, request_type=request_type, urgency=urgency)
    assert found is not None
    assert (found.amount, found.unit) == (amount, unit)


def changed(tmp_path: Path, change) -> Path:  # type: ignore[no-untyped-def]
    content = yaml.safe_load((city().folder / "sla.yaml").read_text(encoding="utf-8"))
    change(content)
    file = tmp_path / "sla.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["policies"][1].update(selected=True), "exactly one policy"),
        (lambda content: content["policies"][0].update(selected=False), "exactly one policy"),
        (lambda content: content["policies"][2]["limits"][0].update(unit="weeks"), "policy 3: limits.0.unit"),
        (lambda content: content["policies"][0]["limits"][0].update(amount=0), "policy 1: limits.0.amount"),
        (lambda content: content["policies"][0].update(source=""), "policy 1: source"),
        (lambda content: content["policies"][0].update(colour="red"), "policy 1: colour"),
        (lambda content: content["working_hours"].reverse(), "working_hours must be in order"),
        (lambda content: content.update(working_week=[0]), "working_week"),
        (lambda content: content.update(policies="none"), "a list of policies"),
    ],
)
def test_a_broken_policy_file_is_refused_with_the_entry(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput) as refused:
        policy.load(changed(tmp_path, change))
    assert refused.value.sentence.startswith("sla.yaml, ")
    assert said in refused.value.sentence
