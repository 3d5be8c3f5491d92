"""What an import did, line by line."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from kb.articles.reading import Problem

Outcome = Literal["added", "changed", "unchanged", "merged", "refused"]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one file, or of one `place` in it.

    `article`: its id, of what was merged the article that it went into; `draft`: it waits for review and is not quoted;
    `sentence`: why it was refused, or what an editor should know of what was taken.
    """

    file: str
    place: str
    outcome: Outcome
    article: str = ""
    sentence: str = ""
    draft: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did: a line for each article, and for each thing merged or left out."""

    lines: tuple[Line, ...] = ()

    def __add__(self, other: "Report") -> "Report":
        return Report(self.lines + other.lines)

    @property
    def added(self) -> tuple[str, ...]:
        """Ids of articles that are new, published or as drafts."""
        return self._ids("added")

    @property
    def changed(self) -> tuple[str, ...]:
        """Ids of articles for which there is a new version, or a draft of one."""
        return self._ids("changed")

    @property
    def unchanged(self) -> tuple[str, ...]:
        """Ids of articles that say what they said."""
        return self._ids("unchanged")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was left out, and why."""
        return tuple(Problem(each.file, each.place, each.sentence) for each in self.lines if each.outcome == "refused")

    def as_json(self) -> dict[str, Any]:
        """Return counts, problems and all lines as plain JSON values."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": len(self.unchanged),
            "problems": [problem.as_json() for problem in self.problems],
            "merged": len(self._ids("merged")),
            "drafts": sum(each.draft and each.outcome in {"added", "changed"} for each in self.lines),
            "lines": [each.as_json() for each in self.lines],
        }

    def _ids(self, outcome: Outcome) -> tuple[str, ...]:
        return tuple(each.article for each in self.lines if each.outcome == outcome)
