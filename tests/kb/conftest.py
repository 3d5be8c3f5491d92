"""Small bases written by the test itself, and the sample city's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kb import articles

FRONT = {
    "id": "lamp-warranty",
    "subject": "测试",
    "title": "台灯坏了怎么保修",
    "questions": "[台灯不亮能换吗]",
    "department": "market_regulation",
    "basis": "《测试条例》第一条",
    "region": "city",
    "audience": "[citizen]",
    "reviewed": "2026-06-01",
    "review_due": "2027-06-01",
}
BODY = """台灯在一年内坏了，凭发票到**购买的商店**免费修。
## 所需材料
- 发票
- 台灯
## 费用
- 保修期内不收费
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an article `<id>.md` below a folder; a keyword changes a field, None leaves it out."""

    def written(body: str = BODY, **fields: str | None) -> Path:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        front = {key: value for key, value in (FRONT | fields).items() if value is not None}
        head = "".join(f"{key}: {value}\n" for key, value in front.items())
        (folder / f"{front.get('id', 'nameless')}.md").write_text(f"---\n{head}---\n{body}", encoding="utf-8")
        return folder

    return written


@pytest.fixture
async def city_base(session: AsyncSession) -> AsyncSession:
    """A session that sees the sample city's articles."""
    report = await articles.load_city(session)
    assert not report.problems
    return session
