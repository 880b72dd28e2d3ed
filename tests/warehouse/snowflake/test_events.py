"""Events, which nobody writes through the interface yet (IR-11, section 10)."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from tests.warehouse.platforms.house import (
    SCHEMA,
    House,
    a_load,
    asked,
    identities,
    normal,
    profiles,
    write,
)
from tests.warehouse.snowflake.emulator import Account
from warehouse.profile import Page
from warehouse.snowflake.driver import fetch
from warehouse.sql import raw

Settings = Mapping[str, Any]
IDENTITIES: Sequence[tuple[str, str, str, bool, str, int]] = (
    ("p0", "shop", "u1", False, "a1,a2", 1),
    ("p1", "shop", "u2", False, "a2", 2),
    ("p2", "shop", "a3", True, "", 1),
    ("p3", "crm", "u1", False, "", 1),
)
EVENTS = {
    "by user": ("shop", "u1", "a2"),
    "by anonymous id": ("shop", None, "a1"),
    "seen last with": ("shop", "", "a2"),
    "of nobody else": ("shop", None, "a3"),
    "of another connection": ("crm", "u1", "a1"),
    "of nobody": ("crm", None, "a1"),
    "of an unknown user": ("shop", "u3", "a1"),
}


def _text(item: str | None) -> str:
    return "NULL" if item is None else f"'{item}'"


async def test_events_are_of_the_profile_of_their_user(
    settings: Settings, snowflake_account: Account
) -> None:
    """By user of the connection, else by anonymous id, of whom it was seen with last."""
    async with House("Snowflake", settings).initialized() as warehouse:
        with closing(snowflake_account.connect(**settings, autocommit=True)) as connection:
            for pk, (pipeline, of, user, anonymous, ids, hour) in enumerate(IDENTITIES, 1):
                listed = json.dumps(ids.split(",")) if ids else "null"
                array = f"PARSE_JSON('{listed}')::ARRAY" if ids else "NULL"
                fetch(connection, raw(
                    "INSERT INTO KILN_IDENTITIES (_PK, _PIPELINE, _CONNECTION, _IDENTITY_ID,"
                    f" _IS_ANONYMOUS, _ANONYMOUS_IDS, _UPDATED_AT) SELECT {pk}, '{pipeline}',"
                    f" '{of}', '{user}', {anonymous}, {array}, '2026-01-01 0{hour}:00:00'"
                ))  # fmt: skip
            for message, (of, user_id, anonymous_id) in EVENTS.items():
                fetch(connection, raw(
                    "INSERT INTO KILN_EVENTS (KPID, CONNECTION_ID, ANONYMOUS_ID, MESSAGE_ID,"
                    " USER_ID, RECEIVED_AT, SENT_AT, TIMESTAMP, TRAITS, TYPE)"
                    f" SELECT 'before', '{of}', {_text(anonymous_id)}, '{message}',"
                    f" {_text(user_id)}, '2026-01-01', '2026-01-01', '2026-01-01',"
                    " PARSE_JSON('{}'), 'track'"
                ))  # fmt: skip
            await warehouse.resolve(asked(), normal)
            owners: dict[str, str] = dict(
                fetch(connection, raw("SELECT MESSAGE_ID, KPID FROM EVENTS"))
            )
            u1, u2, a3, other = (
                kpid
                for (kpid,) in fetch(
                    connection, raw("SELECT _KPID FROM KILN_IDENTITIES ORDER BY _PK")
                )
            )
        assert owners == {
            "by user": u1,
            "by anonymous id": u1,
            "seen last with": u2,
            "of nobody else": a3,
            "of another connection": other,
            "of nobody": None,
            "of an unknown user": None,
        }
        page = await warehouse.read_events(u1, Page(first=1, limit=1), normal)
        assert page is not None
        assert page.total == 2
        (event,) = page.events
        assert {k: v for k, v in json.loads(event.text).items() if k != "kpid"} == {
            "connectionId": "shop",
            "anonymousId": "a2",
            "messageId": "by user",
            "receivedAt": "2026-01-01T00:00:00Z",
            "sentAt": "2026-01-01T00:00:00Z",
            "timestamp": "2026-01-01T00:00:00Z",
            "traits": {},
            "type": "track",
            "userId": "u1",
        }


async def test_numbers_of_identities_are_in_the_order_of_their_records(
    settings: Settings, snowflake_account: Account
) -> None:
    """DEC-49."""
    async with House("Snowflake", settings).initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, *((f"u{9 - number}", {}) for number in range(5)))
        await write(loading, 2, ("u9", {"age": 1}), ("new", {}))
        assert len(await identities(warehouse)) == 6
        with closing(snowflake_account.connect(**settings, autocommit=True)) as connection:
            found = fetch(
                connection, raw("SELECT _PK, _IDENTITY_ID FROM KILN_IDENTITIES ORDER BY _PK")
            )
        assert [user for _, user in found] == ["u9", "u8", "u7", "u6", "u5", "new"]
        assert len({pk for pk, _ in found}) == 6
        assert await profiles(warehouse, SCHEMA) == []
        assert (await warehouse.preview(asked())).outcome.identities == 6
