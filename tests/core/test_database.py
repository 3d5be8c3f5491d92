import pytest
from sqlalchemy import select

from core.auth import Staff
from core.database import transaction
from core.errors import BadInput


@pytest.mark.parametrize(
    "impossible", [Staff.login == "nul\x00", Staff.id == 2**80], ids=["a NUL character", "a number beyond all bounds"]
)
async def test_a_value_that_fits_no_column_is_the_callers_mistake(migrated: None, impossible: object) -> None:
    with pytest.raises(BadInput, match="不能使用"):
        async with transaction() as session:
            await session.execute(select(Staff).where(impossible))  # type: ignore[arg-type]
