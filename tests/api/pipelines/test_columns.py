"""What is kept of a definition is all of it, and equal definitions are kept alike."""

from typing import Any

import pytest

from api.db.tables.pipeline import Pipeline
from api.pipelines.columns import (
    columns_of,
    definition_of,
    read_snapshot,
    row_columns,
    write_snapshot,
)
from tests.api import rows
from tests.api.pipelines.bodies import (
    CONNECTIONS,
    Body,
    body,
    excel,
    function,
    profile,
    prop,
    schema,
)
from tests.api.pipelines.checking import check

_ALL: list[tuple[str, Body]] = [
    *((kind, body(kind)) for kind in CONNECTIONS),
    ("K3", excel(compression="Zip", transformation=function(preserveJSON=True))),
    ("K3", body("K3", format="json", formatSettings={"properties": [{"key": "a", "value": "f"}]})),
    ("K4", body("K4", transformation=None, outSchema=None)),
    ("K6", body("K6", updateOnDuplicates=True, exportMode="UpdateOnly")),
    ("K7", body("K7", filter={
        "logical": "or",
        "conditions": [
            {"property": "timestamp", "operator": "is after", "values": ["2024-02-03T10:00:00+02:00"]},
            {"property": "properties.total", "operator": "is", "values": ["1e2"]},
            {"property": "context.ip", "operator": "is", "values": ["2001:DB8::0001"]},
        ],
    })),
]  # fmt: skip


def _row(columns: dict[str, Any]) -> Pipeline:
    return rows.pipeline(function_version=7, **columns)


@pytest.mark.parametrize(("kind", "sent"), _ALL)
async def test_a_definition_comes_back_as_it_was_kept(kind: str, sent: Body) -> None:
    definition = await check(kind, sent)

    columns = columns_of(definition)
    assert definition_of(definition.kind, columns) == definition
    assert row_columns(_row(columns)) == columns


@pytest.mark.parametrize(("kind", "sent"), _ALL)
async def test_a_run_has_the_definition_that_it_started_with(kind: str, sent: Body) -> None:
    """RUN-80."""
    definition = await check(kind, sent)

    snapshot = read_snapshot(write_snapshot(definition.kind, _row(columns_of(definition))))

    assert (snapshot.definition, snapshot.function_version) == (definition, 7)


async def test_moments_in_filters_are_kept_in_utc_and_say_so() -> None:
    """PIPE-11."""
    sent = dict(_ALL[-1][1])

    definition = await check("K7", sent)

    assert columns_of(definition)["filter"] == (
        '{"logical":"or","conditions":['
        '{"property":"timestamp","operator":"is after","values":["2024-02-03T08:00:00Z"]},'
        '{"property":"properties.total","operator":"is","values":["1e2"]},'
        '{"property":"context.ip","operator":"is","values":["2001:db8::1"]}]}'
    )


async def test_paths_of_functions_are_kept_sorted() -> None:
    """PIPE-12."""
    sent = body(
        "K1",
        filter=None,
        transformation=function(inPaths=["mail", "country"], outPaths=["name", "email"]),
        outSchema=schema(profile("email"), profile("name")),
    )

    columns = columns_of(await check("K1", sent))

    assert (columns["in_paths"], columns["out_paths"]) == (["country", "mail"], ["email", "name"])


async def test_a_mapping_is_kept_as_it_was_written_and_its_paths_sorted() -> None:
    sent = body(
        "K1",
        filter=None,
        transformation={"mapping": {"name": "country", "email": "mail"}},
        inSchema=schema(prop("mail"), prop("country")),
        outSchema=schema(profile("email"), profile("name")),
    )

    columns = columns_of(await check("K1", sent))

    assert columns["mapping"] == '{"name":"country","email":"mail"}'
    assert (columns["in_paths"], columns["out_paths"]) == (["country", "mail"], ["email", "name"])


async def test_spellings_of_format_settings_are_kept_alike() -> None:
    """DEC-41."""
    one = await check("K3", excel(formatSettings={"HasColumnNames": True}))
    other = await check("K3", excel(formatSettings={"hasColumnNames": True}))

    assert columns_of(one) == columns_of(other)
