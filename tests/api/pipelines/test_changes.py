"""What follows from an update, column by column."""

from typing import Any

import pytest

from api.pipelines.changes import Change, change_of
from api.pipelines.columns import Columns, columns_of
from api.pipelines.kinds import Kind
from tests.api.pipelines.bodies import Body, body, excel, function, profile, prop, schema
from tests.api.pipelines.checking import check

_NAME = {"kind": "string", "maxLength": 9}
_INCREMENTAL: Body = {"incremental": True}


async def _columns(kind: str, sent: Body) -> Columns:
    return columns_of(await check(kind, sent))


async def _change(kind: str, before: Body, after: Body) -> Change:
    decided = (await check(kind, after)).kind
    return change_of(decided, await _columns(kind, before), await _columns(kind, after))


# Of an incremental import from a file: what resets where the next run resumes (PIPE-131).
_RESETTING: list[Body] = [
    {"format": "parquet", "formatSettings": None},
    {"path": "other.csv"},
    {"formatSettings": {"separator": ",", "hasColumnNames": True}},
    {"compression": "Gzip"},
    {"userIDColumn": "mail"},
    {"updatedAtFormat": "%Y"},
    {"filter": {
        "logical": "and",
        "conditions": [{"property": "mail", "operator": "is", "values": ["a"]}],
    }},
    {"transformation": {"mapping": {"email": "lower(mail)"}}},
    {"transformation": function()},
    {"inSchema": schema(prop("mail"), prop("card"), prop("changed"))},
    {"inSchema": schema(prop("card"), prop("mail", nullable=True), prop("changed"))},
    {"inSchema": schema(prop("card"), prop("mail", description="x"), prop("changed"))},
    {"outSchema": schema(profile("email"))},
    {"incremental": False},
]  # fmt: skip


@pytest.mark.parametrize("changed", _RESETTING)
async def test_what_is_read_or_becomes_of_it_resets_the_cursor(changed: Body) -> None:
    before = body(
        "K3", inSchema=schema(prop("card"), prop("mail"), prop("changed")), **_INCREMENTAL
    )
    after = {**before, **changed}
    # `card` is no longer used where another column tells users apart.
    if changed.get("userIDColumn"):
        after["inSchema"] = schema(prop("mail"), prop("changed"))

    change = await _change("K3", before, after)

    assert (change.resets_cursor, change.makes_version) == (True, True)


@pytest.mark.parametrize("changed", [{}, {"name": "Other"}, {"enabled": True}])
async def test_names_and_status_reset_nothing(changed: Body) -> None:
    before = body("K3", **_INCREMENTAL)

    change = await _change("K3", before, {**before, **changed})

    assert change == Change(
        resets_cursor=False, makes_version=False, makes_function=False, written=("email",)
    )


async def test_becoming_incremental_keeps_the_cursor() -> None:
    """A run that is live now started otherwise all the same."""
    change = await _change("K3", body("K3"), body("K3", **_INCREMENTAL))

    assert (change.resets_cursor, change.makes_version) == (False, True)


async def test_an_import_from_scratch_has_no_cursor() -> None:
    change = await _change("K3", body("K3"), body("K3"))

    assert (change.resets_cursor, change.makes_version) == (True, False)


@pytest.mark.parametrize(
    ("kind", "changed", "resets"),
    [
        ("K6", {}, False),
        ("K6", {"updateOnDuplicates": True}, False),
        ("K6", {"exportMode": "CreateOnly"}, True),
        ("K6", {"matching": {"in": "first_name", "out": "contact.email"}}, True),
        ("K9", {"orderBy": "email"}, False),
        ("K8", {"tableName": "other"}, False),
        ("K2", {"query": "SELECT 1"}, True),
    ],
)
async def test_other_kinds_follow_the_same_list(kind: str, changed: Body, resets: bool) -> None:  # noqa: FBT001 - a column of the table
    before = body(kind)
    after = {**before, **changed}
    if changed.get("matching"):
        after["inSchema"] = schema(profile("first_name"))
        before["inSchema"] = schema(profile("first_name"), profile("email"))

    change = await _change(kind, before, after)

    assert change.resets_cursor == resets


async def test_the_order_of_a_mapping_means_nothing() -> None:
    both = schema(profile("email"), profile("name"))
    pairs = {"email": "mail", "name": "card"}
    before = body("K3", transformation={"mapping": pairs}, outSchema=both, **_INCREMENTAL)
    turned = dict(reversed(pairs.items()))

    change = await _change("K3", before, {**before, "transformation": {"mapping": turned}})

    assert (change.resets_cursor, change.makes_version) == (False, False)


async def test_spellings_of_settings_mean_nothing() -> None:
    before = excel(formatSettings={"HasColumnNames": True}, **_INCREMENTAL)

    change = await _change(
        "K3", before, excel(formatSettings={"hasColumnNames": True}, **_INCREMENTAL)
    )

    assert change.resets_cursor is False


@pytest.mark.parametrize(
    ("before", "after", "makes"),
    [
        ({"mapping": {"email": "mail"}}, function(), True),
        (function(), function(), False),
        (function(), function(preserveJSON=True), False),
        (function(), function(source="# other\n"), True),
        (function(), function(language="JavaScript"), True),
        (function(), {"mapping": {"email": "mail"}}, False),
    ],
)
async def test_a_changed_source_or_language_is_another_function(
    before: Body,
    after: Body,
    makes: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """PIPE-133."""
    change = await _change(
        "K3", body("K3", transformation=before), body("K3", transformation=after)
    )

    assert change.makes_function == makes


def _written(*paths: str) -> Body:
    """Make an import that writes paths of one schema."""
    everything = {
        "email": profile("email"),
        "name": profile("name", _NAME),
        "address": profile("address", schema(profile("street"), profile("city"))),
        "address.city": profile("address", schema(profile("city"))),
        "address.street": profile("address", schema(profile("street"))),
    }
    items: list[Any] = [everything[path] for path in paths]
    return body("K3", transformation=function(outPaths=list(paths)), outSchema=schema(*items))


@pytest.mark.parametrize(
    ("before", "after", "unset"),
    [
        (("email",), ("email",), ()),
        (("email", "name"), ("email",), ("name",)),
        (("email",), ("name",), ("email",)),
        (("address",), ("email",), ("address.city", "address.street")),
        (("address",), ("address.city",), ("address.street",)),
        (("address.city",), ("address",), ()),
        (("address.city",), ("address.street",), ("address.city",)),
    ],
)
async def test_what_is_no_longer_written_is_unset(
    before: tuple[str, ...], after: tuple[str, ...], unset: tuple[str, ...]
) -> None:
    """PIPE-132, property by property."""
    change = await _change("K3", _written(*before), _written(*after))

    assert change.unset == unset


async def test_only_imports_of_users_have_something_to_unset() -> None:
    before = await _columns("K6", body("K6"))

    change = change_of(Kind.PROFILES_TO_APPLICATION, before, {**before, "out_paths": []})

    assert (change.unset, change.written) == ((), ())


async def test_users_from_events_have_something_to_unset() -> None:
    before, after = body("K4"), body("K4", transformation=None, outSchema=None)

    assert (await _change("K4", before, after)).unset == ("email",)
