"""Every kind shows its own members, and never what is only for us (section 2)."""

import json
from typing import Any

import pytest

from mapping_lang.types.schemas.encode import encode_schema
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from tests.api.pipelines.bodies import CONNECTIONS, body, excel, function, prop, schema
from tests.api.pipelines.conftest import CONNECTION_IDS, Api
from tests.api.seeds.documents import sample_request, sample_response, with_descriptions

_COMMON = (
    "id", "name", "connector", "connectorType", "connection", "connectionRole", "target", "enabled",
)  # fmt: skip
_BATCH = ("running", "scheduleStart", "schedulePeriod")
_FILE = ("format", "path", "sheet", "compression")
_COLUMNS = ("userIDColumn", "updatedAtColumn", "updatedAtFormat")
_TRANSFORMATION = ("transformation", "inSchema", "outSchema")

_MEMBERS: dict[str, tuple[str, ...]] = {
    "K1": ("filter", "incremental", *_TRANSFORMATION, *_BATCH),
    "K2": ("query", *_COLUMNS, "incremental", *_TRANSFORMATION, *_BATCH),
    "K3": (*_FILE, *_COLUMNS, "filter", "incremental", *_TRANSFORMATION, *_BATCH),
    "K4": ("filter", *_TRANSFORMATION),
    "K5": ("filter",),
    "K6": ("filter", "matching", "exportMode", "updateOnDuplicates", *_TRANSFORMATION, *_BATCH),
    "K7": ("eventType", "filter", *_TRANSFORMATION),
    "K8": ("filter", "tableName", "tableKey", *_TRANSFORMATION, *_BATCH),
    "K9": (*_FILE, "orderBy", "filter", "inSchema", *_BATCH),
}
_TYPES = {
    "K1": "Application",
    "K2": "Database",
    "K3": "FileStorage",
    "K4": "SDK",
    "K5": "Webhook",
    "K6": "Application",
    "K7": "Application",
    "K8": "Database",
    "K9": "FileStorage",
}


async def test_a_kind_has_its_members_and_no_others(api: Api) -> None:
    for kind in CONNECTIONS:
        pipeline_id = await api.create(kind)

        found = await api.get(pipeline_id)

        assert tuple(found) == (*_COMMON, *_MEMBERS[kind])
        sent, (connector, role) = body(kind), CONNECTIONS[kind]
        assert {name: found[name] for name in _COMMON} == {
            "id": pipeline_id,
            "name": sent["name"],
            "connector": connector,
            "connectorType": _TYPES[kind],
            "connection": CONNECTION_IDS[kind],
            "connectionRole": role.value,
            "target": sent["target"],
            "enabled": sent.get("enabled", False),
        }


async def test_what_was_sent_is_what_is_shown(api: Api) -> None:
    for kind in CONNECTIONS:
        found = await api.get(await api.create(kind))

        sent = body(kind)
        shown = {
            name: value for name, value in found.items() if name in sent and name != "connection"
        }
        expected: dict[str, Any] = {
            name: value
            for name, value in sent.items()
            if name not in ("connection", "formatSettings")
        }
        for name in ("inSchema", "outSchema"):
            if name in expected:
                expected[name] = with_descriptions(expected[name])
        if "transformation" in expected:
            expected["transformation"] = {**expected["transformation"], "function": None}
        assert shown == expected


async def test_what_is_shown_can_be_sent_back(api: Api) -> None:
    """But for the settings of the format, and the schema of events, which is ours."""
    for kind in CONNECTIONS:
        pipeline_id = await api.create(kind)
        found = await api.get(pipeline_id)
        sent = {**found, "formatSettings": body(kind).get("formatSettings")}
        if kind in ("K4", "K7"):
            del sent["inSchema"]

        assert (await api.ask("PUT", f"/{pipeline_id}", sent)).status == 200

        assert await api.get(pipeline_id) == found


async def test_events_come_in_with_our_schema(api: Api) -> None:
    for kind in ("K4", "K7"):
        found = await api.get(await api.create(kind, transformation=None, outSchema=None))

        assert found["inSchema"] == json.loads(encode_schema(EVENT_SCHEMA))
        assert (found["transformation"], found["outSchema"]) == (None, None)


async def test_a_function_is_shown_with_sorted_paths_and_its_default(api: Api) -> None:
    """PIPE-12, PIPE-104."""
    sent = function(inPaths=["mail", "country"])

    found = await api.get(await api.create("K1", filter=None, transformation=sent))

    assert found["transformation"] == {
        "mapping": None,
        "function": {
            "source": sent["function"]["source"],
            "language": "Python",
            "preserveJSON": False,
            "inPaths": ["country", "mail"],
            "outPaths": ["email"],
        },
    }


async def test_what_is_empty_is_null_where_that_is_said(api: Api) -> None:
    """PIPE-9, PIPE-10."""
    pipeline_id = await api.create(
        "K3",
        updatedAtColumn="",
        updatedAtFormat=None,
        inSchema=schema(prop("card"), prop("mail")),
    )

    found = await api.get(pipeline_id)

    names = ("sheet", "compression", "updatedAtColumn", "updatedAtFormat", "filter")
    assert {name: found[name] for name in names} == {
        "sheet": None,
        "compression": "",
        "updatedAtColumn": None,
        "updatedAtFormat": None,
        "filter": None,
    }


async def test_conditions_without_values_show_none(api: Api) -> None:
    conditions = [
        {"property": "country", "operator": "is null"},
        {"property": "country", "operator": "is one of", "values": ["US", "IT"]},
    ]
    sent = {"logical": "or", "conditions": conditions}

    found = await api.get(await api.create("K1", filter=sent))

    assert found["filter"] == sent


@pytest.mark.parametrize(
    ("kind", "document"), [("K3", "file_imports"), ("K6", "application_exports")]
)
async def test_the_documents_own_examples_are_created_updated_and_shown(
    api: Api, kind: str, document: str
) -> None:
    created = {**sample_request(document, "Create pipeline"), "connection": CONNECTION_IDS[kind]}
    pipeline_id = (await api.ask("POST", "", created)).id
    updated = await api.ask("PUT", f"/{pipeline_id}", sample_request(document, "Update pipeline"))
    assert updated.status == 200
    assert updated.json is None
    assert (await api.ask("PUT", f"/{pipeline_id}/schedule", {"period": "1h"})).status == 200

    found = await api.get(pipeline_id)

    shown = sample_response(document, "Get pipeline")
    # Ids, connectors and the minute are of the installation; two members of the documents' answers
    # are not those of their own requests.
    theirs = {"id", "connection", "connector", "scheduleStart", "matching"}
    function_ = {**(created["transformation"].get("function") or {})}
    expected = {
        **{name: value for name, value in shown.items() if name not in theirs},
        "inSchema": with_descriptions(shown["inSchema"]),
        "outSchema": with_descriptions(shown["outSchema"]),
        "transformation": {
            "mapping": created["transformation"].get("mapping"),
            "function": {
                **function_,
                "inPaths": sorted(function_["inPaths"]),
                "outPaths": sorted(function_["outPaths"]),
            }
            if function_
            else None,
        },
    }
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(shown) <= {"filter", "compression"}


async def test_no_answer_tells_the_settings_of_a_format(api: Api) -> None:
    """PIPE-6."""
    found = await api.get((await api.ask("POST", "", api.new("K3", **excel_members()))).id)

    assert "formatSettings" not in found
    assert "hasColumnNames" not in str(found)


def excel_members() -> dict[str, Any]:
    """Give the members that make an import one from Excel."""
    return {
        name: value
        for name, value in excel().items()
        if name in ("format", "path", "sheet", "formatSettings")
    }
