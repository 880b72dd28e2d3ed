"""What each rule of sections 4 to 8 lets pass, just beside what it refuses."""

import pytest

from tests.api.pipelines.bodies import (
    CONNECTIONS,
    INT,
    Body,
    body,
    excel,
    function,
    profile,
    prop,
    schema,
)
from tests.api.pipelines.checking import check
from tests.api.pipelines.validation.cases import DECIMAL, MAPPING, matching, with_columns

pytestmark = pytest.mark.anyio

ACCEPTED: list[tuple[str, Body]] = [
    *((kind, body(kind)) for kind in CONNECTIONS),
    ("K3", excel()),
    ("K3", excel(sheet="s" * 31)),
    ("K3", excel(sheet="it's 1/2".replace("/", "-"))),
    ("K3", excel(updatedAtFormat="Excel")),
    ("K3", excel(formatSettings={"HasColumnNames": True})),
    ("K3", body("K3", name="é" * 60)),
    ("K3", body("K3", name=" ")),
    ("K3", body("K3", format="parquet", formatSettings=None)),
    ("K3", body("K3", format="json", formatSettings={"properties": [{"key": "a", "value": "t"}]})),
    ("K3", body("K3", path="../p" + "a" * 1_020)),
    ("K3", body("K3", path="$today {x}")),
    *(
        ("K9", body("K9", path=path))
        for path in ("x", "${ToDay}", "${ now }", "${unix}/${today}", "a$b}", "${today}}")
    ),
    *(("K3", body("K3", compression=each)) for each in ("", None, "Zip", "Gzip", "Snappy")),
    ("K9", body("K9", compression="Gzip")),
    ("K9", body("K9", format="excel", sheet="Sheet1", formatSettings=None)),
    *(("K3", body("K3", updatedAtFormat=form)) for form in ("ISO8601", "%Y-%m-%d", "%" * 64, "%?")),
    ("K3", with_columns(inSchema=schema(prop("card"), prop("mail")))),
    *(
        (
            "K3",
            body("K3", inSchema=schema(prop("card"), prop("mail"), prop("changed", type_)),
                 updatedAtFormat=None),
        )
        for type_ in ("date", "datetime")
    ),
    *(
        ("K3", body("K3", inSchema=schema(prop("card", type_), prop("mail"), prop("changed"))))
        for type_ in ("string", INT, "uuid", "json")
    ),
    ("K3", body("K3", inSchema=schema(
        prop("card", nullable=True), prop("mail"), prop("changed", readOptional=True),
    ))),
    ("K3", body("K3", incremental=True)),
    ("K1", body("K1", incremental=True)),
    ("K3", body("K3", transformation=function())),
    ("K3", body("K3", transformation={**function(), "mapping": None})),
    ("K3", body("K3", transformation={"mapping": {"email": "mail"}, "function": None})),
    ("K3", body("K3", transformation=function(source="x" * 50_000, preserveJSON=True))),
    # What is not known is ignored (API-23); what stands for missing is missing.
    ("K3", body("K3", unknown={"a": [1]}, query="", sheet=None, matching={"in": "", "out": ""})),
    ("K3", body("K3", transformation={**MAPPING, "extra": 1})),
    ("K1", body("K1", filter={
        "logical": "or",
        "extra": 1,
        "conditions": [
            {"property": "country", "operator": "is null", "values": None, "x": 1},
            {"property": "country", "operator": "is one of", "values": ["US", "IT"]},
        ],
    })),
    ("K5", body("K5", filter={
        "logical": "and",
        "conditions": [{"property": "type", "operator": "is", "values": ["track"]}],
    })),
    ("K4", body("K4", transformation=None, outSchema=None)),
    ("K4", body("K4", transformation={"mapping": {"email": "'x'"}})),
    # Users of events may have an object asked to be empty; events may not (FILT-22).
    ("K4", body("K4", filter={
        "logical": "and",
        "conditions": [{"property": "context.app", "operator": "is empty"}],
    })),
    ("K7", body("K7", transformation=None, outSchema=None)),
    ("K7", body("K7", eventType="e" * 100)),
    ("K7", body("K7", transformation={"mapping": {"what": "'x'"}})),
    ("K7", body("K7", transformation=function(inPaths=[], outPaths=["what"]))),
    # Below an object that is written as a whole, every property is used.
    ("K1", body("K1", filter=None, transformation=function(inPaths=["a"]),
                inSchema=schema(prop("a", schema(prop("b"), prop("c", schema(prop("d")))))))),
    ("K1", body("K1", filter=None, transformation=function(inPaths=["list"]),
                inSchema=schema(prop("list", {"kind": "array", "elementType": schema(prop("x"))})))),
    # A member of JSON is not a property: its json property is.
    ("K1", body("K1", filter={
        "logical": "and",
        "conditions": [{"property": "data.a.b", "operator": "exists"}],
    }, inSchema=schema(prop("mail"), prop("data", "json")))),
    # The application's side: only what leads to the matching property may be readOptional.
    ("K6", body("K6", outSchema=schema(
        prop(
            "contact",
            schema(prop("email", readOptional=True), prop("firstname", createRequired=True)),
            readOptional=True,
        ),
    ))),
    *(
        ("K6", matching(in_type, out_type))
        for in_type, out_type in (
            (INT, INT), (INT, "string"), ("string", "string"), ("string", INT), ("string", "uuid"),
            ("uuid", "uuid"), ("uuid", "string"),
        )
    ),
    *(("K6", body("K6", exportMode=mode)) for mode in ("CreateOnly", "UpdateOnly")),
    ("K6", body("K6", updateOnDuplicates=True)),
    *(
        ("K9", body("K9", orderBy="by", inSchema=schema(profile("by", type_))))
        for type_ in ("string", INT, "uuid", "ip", DECIMAL)
    ),
    ("K9", body("K9", orderBy="a.b", inSchema=schema(profile("a", schema(profile("b")))))),
    ("K8", body("K8", tableName="t" * 1_024)),
    ("K2", body("K2", query="q" * 1_000)),
    ("K2", body("K2", updatedAtFormat="%d/%m/%Y",
                inSchema=schema(prop("id", INT), prop("mail"), prop("changed")))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent"), ACCEPTED)
async def test_what_breaks_no_rule_is_accepted(kind: str, sent: Body) -> None:
    definition = await check(kind, sent)

    assert definition.name == sent["name"]
