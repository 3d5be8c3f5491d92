"""What the index holds of an article: what is quoted of it, and what retrieval searches."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kb import passages
from kb.articles.document import Ask
from kb.documents import Text
from kb.passages import Passage


@dataclass(frozen=True, slots=True)
class Published:
    """What the index holds of one article."""

    id: str
    subject: str
    title: str
    questions: tuple[str, ...]
    not_answered: tuple[str, ...]
    passages: tuple[Passage, ...]
    basis: str
    department: str
    region: str
    audience: tuple[str, ...]
    reviewed: date
    effective: date | None
    expires: date | None
    digest: str
    ask: Ask | None = None

    @classmethod
    def of(cls, article: Any) -> "Published":
        """Return what the index holds of a row of `articles`."""
        return cls(
            id=article.id,
            subject=article.subject,
            title=article.title,
            questions=tuple(article.questions),
            not_answered=tuple(article.not_answered),
            passages=passages.split(article.body),
            basis=article.basis,
            department=article.department,
            region=article.region,
            audience=tuple(article.audience),
            reviewed=article.reviewed,
            effective=article.effective,
            expires=article.expires,
            digest=article.digest,
            ask=Ask.model_validate(article.ask) if article.ask else None,
        )

    def text(self) -> Text:
        """Return what retrieval indexes."""
        return Text(
            id=self.id,
            title=self.title,
            questions=self.questions,
            passages=tuple(f"{each.section} {each.text}".strip() for each in self.passages),
            not_answered=self.not_answered,
        )

    def holds(self, day: date, *, region: str | None = None, audience: str | None = None) -> bool:
        """Say whether the article may be quoted on `day`, in the district `region`, to the `audience`, where given."""
        in_time = (self.effective is None or self.effective <= day) and (self.expires is None or day <= self.expires)
        in_place = region is None or self.region in {"city", region}
        return in_time and in_place and (audience is None or audience in self.audience)
