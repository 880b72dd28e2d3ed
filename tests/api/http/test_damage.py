"""What cannot be opened any more is a bug or a damage of ours: logged, and told to nobody."""

from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from sqlalchemy import update

from api.db.session import Database
from api.db.tables.workspace import Workspace
from api.vault.errors import TamperedError, UnknownKeyError
from api.vault.keys import SecretKey
from api.vault.vault import Purpose, Vault
from tests.api import rows
from tests.api.installation import NO_WAREHOUSE, VAULT, Installation, installed
from tests.runtime.serving import running

OTHER_VAULT = Vault([SecretKey(bytes(range(1, 33)))])
PURPOSE = Purpose.WAREHOUSE_SETTINGS


@pytest.fixture
async def installation(database: Database) -> AsyncIterator[Installation]:
    with running() as (_, address):
        async with installed(database, address) as found:
            yield found


async def _set(database: Database, sealed: bytes) -> None:
    async with database.sessions.begin() as session:
        await session.execute(update(Workspace).values(sealed_warehouse_settings=sealed))


@pytest.mark.parametrize(
    ("sealed", "error"),
    [
        (b"sealed", TamperedError),
        (VAULT.seal_json(PURPOSE, rows.WORKSPACE_ID + 1, NO_WAREHOUSE), TamperedError),
        (OTHER_VAULT.seal_json(PURPOSE, rows.WORKSPACE_ID, NO_WAREHOUSE), UnknownKeyError),
    ],
    ids=["nonsense", "of another workspace", "with another key"],
)
async def test_settings_that_cannot_be_opened_are_a_logged_500(
    installation: Installation, database: Database, sealed: bytes, error: type[Exception]
) -> None:
    await _set(database, sealed)
    async with installation.client() as client:
        with structlog.testing.capture_logs() as logs:
            answer = await client.post("/v1/warehouse/repair")

    assert _told(answer) == (500, "InternalServerError")
    assert answer.headers["request-id"] in answer.text
    assert "sealed" not in answer.text
    (failed,) = [each for each in logs if each["log_level"] == "error"]
    assert isinstance(failed["exc_info"], error)
    assert str(rows.WORKSPACE_ID) in str(failed["exc_info"])


async def test_settings_that_can_be_opened_and_lead_nowhere_are_a_503(
    installation: Installation,
) -> None:
    async with installation.client() as client:
        answer = await client.post("/v1/warehouse/repair")

    assert _told(answer) == (503, "ServiceUnavailable")


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
