"""REST for everybody: the ledger's newest checkpoint, so that outsiders keep what the centre cannot take back."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from admin.staff.refusals import refusals
from core.database import transaction
from core.errors import NotFound
from core.ledger import checkpoints

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"], responses=refusals(404, 503))


class Published(BaseModel):
    """The newest checkpoint as it was signed, and the public key (Ed25519, hex) that signed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "key": "d75a980182b10ab7…",
                "checkpoint": {
                    "number": 12,
                    "at": "2026-11-22T16:00:14.201377+00:00",
                    "after": 81234,
                    "upto": 90112,
                    "events": 8870,
                    "total": 90070,
                    "root": "9f86d081884c7d65…",
                    "previous": "60303ae22b998861…",
                    "key": "d75a980182b10ab7…",
                    "signature": "e5564300c360ac72…",
                    "endorsement": None,
                },
            }
        }
    )

    key: str
    checkpoint: dict[str, Any]


@router.get("/checkpoint")
async def newest() -> Published:
    """Give the newest signed checkpoint of the ledger. It holds no personal data, only counts and hashes.

    Whoever keeps it can prove later that the ledger was changed or cut: `yitong ledger verify --against`.
    """
    async with transaction() as session:
        last = await checkpoints.newest(session)
    if last is None:
        raise NotFound("还没有签名的存证点，第一个会在有记录后的几分钟内生成。")
    return Published(key=last.key.hex(), checkpoint=checkpoints.document(last))
