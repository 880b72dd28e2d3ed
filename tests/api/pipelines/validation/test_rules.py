"""Every rule of section 4 to 8, alone: what it refuses, and what it lets pass just beside that."""

from typing import Any

import pytest

from api.errors import ApiError
from tests.api.pipelines.bodies import (
    ABSENT,
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
from tests.api.pipelines.checking import Refused, check, refused

pytestmark = pytest.mark.anyio

BAD = (400, "BadRequest")
LONG = "n" * 1_025
FILTER = {"logical": "and", "conditions": [{"property": "x", "operator": "is", "values": ["1"]}]}
MAPPING = {"mapping": {"email": "mail"}}
DECIMAL = {"kind": "decimal", "precision": 10}
TEXTS = {"kind": "array", "elementType": {"kind": "string"}}

Case = tuple[str, Body, tuple[int, str], str]


def case(kind: str, about: str, status: tuple[int, str] = BAD, /, **changed: Any) -> Case:  # noqa: ANN401 - JSON
    return kind, body(kind, **changed), status, about


def _with_columns(**changed: Any) -> Body:  # noqa: ANN401 - JSON
    return body("K3", updatedAtColumn=ABSENT, updatedAtFormat=ABSENT, **changed)


def _column(about: str, item: Body, **changed: Any) -> Case:  # noqa: ANN401 - JSON
    """Make a case of an import from a file with another update time."""
    items = schema(prop("card"), prop("mail"), item)
    return case("K3", about, inSchema=items, updatedAtColumn=item["name"], **changed)


def _users(item: Body, name: str | None = None) -> Case:
    items = schema(item, prop("mail"), prop("changed"))
    return case("K3", "userIDColumn", inSchema=items, userIDColumn=name or item["name"])


def _matching(in_type: Any, out_type: Any) -> Body:  # noqa: ANN401 - JSON
    return body(
        "K6",
        inSchema=schema(profile("first_name"), profile("email", in_type)),
        outSchema=schema(
            prop("contact", schema(prop("email", out_type), prop("firstname", nullable=True)))
        ),
    )


REFUSED: list[Case] = [
    # PIPE-24, PIPE-25
    case("K5", "target", target="Group"),
    case("K1", "", target="Event"),
    case("K3", "", target="Event"),
    case("K7", "", target="User", eventType=ABSENT),
    case("K7", "eventType", eventType=ABSENT),
    case("K7", "eventType", eventType=None),
    case("K7", "eventType", eventType=""),
    case("K7", "eventType", eventType="e" * 101),
    *(
        case(kind, "eventType", eventType="purchase")
        for kind in ("K1", "K2", "K3", "K4", "K5", "K6", "K8", "K9")
    ),
    # PIPE-30
    *(case(kind, "inSchema", inSchema=schema(prop("event"))) for kind in ("K4", "K5", "K7")),
    # PIPE-31 to PIPE-34
    *(case(kind, "format", format=ABSENT) for kind in ("K3", "K9")),
    case("K3", "format", format=None),
    case("K3", "format", format=""),
    *(
        case(kind, "format", format="csv")
        for kind in ("K1", "K2", "K4", "K5", "K6", "K7", "K8")
    ),
    case("K3", "", (422, "FormatNotExist"), format="pdf"),
    case("K3", "", (422, "FormatNotExist"), format="CSV"),
    case("K9", "", (422, "FormatNotExist"), format=" csv"),
    case("K3", "format", format="mysql"),
    case("K9", "format", format="s3"),
    case("K3", "format", format="javascript"),
    case("K3", "format", format="kafka"),
    # PIPE-35
    *(case(kind, "name", name=name) for kind in ("K3", "K6") for name in (ABSENT, None, "")),
    case("K3", "name", name="n" * 61),
    case("K6", "name", name="é" * 61),
    # PIPE-36
    case("K3", "inSchema", inSchema={"kind": "string"}),
    case("K3", "outSchema", outSchema={"kind": "map", "elementType": {"kind": "string"}}),
    case("K6", "outSchema", outSchema={"kind": "json"}),
    # PIPE-37, section 5
    case("K2", "filter", filter=FILTER),
    case("K2", "filter", filter={}),
    case("K1", "inSchema", inSchema=ABSENT),
    case("K1", "", filter={}),
    case("K1", "", filter={"logical": "xor", "conditions": FILTER["conditions"]}),
    case("K1", "", filter={"logical": "and", "conditions": []}),
    case("K1", "", filter={"logical": "and"}),
    case("K1", "", filter={"conditions": FILTER["conditions"]}),
    *(
        case("K1", "", filter={"logical": "or", "conditions": [condition]})
        for condition in (
            {},
            {"property": "country"},
            {"property": "", "operator": "is", "values": ["US"]},
            {"property": "country..x", "operator": "is", "values": ["US"]},
            {"property": "land", "operator": "is", "values": ["US"]},
            {"property": "country.x", "operator": "is", "values": ["US"]},
            {"property": "country", "operator": "Is", "values": ["US"]},
            {"property": "country", "operator": "is true"},
            {"property": "country", "operator": "is before", "values": ["2024-01-01"]},
            {"property": "country", "operator": "is"},
            {"property": "country", "operator": "is", "values": None},
            {"property": "country", "operator": "is", "values": []},
            {"property": "country", "operator": "is", "values": ["a", "b"]},
            {"property": "country", "operator": "is", "values": [""]},
            {"property": "country", "operator": "is", "values": ["v" * 61]},
            {"property": "country", "operator": "is between", "values": ["a"]},
            {"property": "country", "operator": "is one of", "values": []},
            {"property": "country", "operator": "is null", "values": []},
            {"property": "country", "operator": "is null", "values": ["x"]},
            {"property": "country", "operator": "exists"},
            {"property": "mail", "operator": "is null"},
        )
    ),
    case("K5", "", filter=FILTER),
    case("K5", "", filter={
        "logical": "and",
        "conditions": [{"property": "context.app", "operator": "is empty"}],
    }),
    case("K9", "", filter={
        "logical": "and",
        "conditions": [{"property": "tags.x", "operator": "is", "values": ["1"]}],
    }),
    # PIPE-100, PIPE-101
    case("K3", "transformation", transformation={}),
    case("K3", "transformation", transformation={"mapping": None, "function": None}),
    case("K3", "transformation", transformation={**MAPPING, **function()}),
    case("K3", "transformation.mapping", transformation={"mapping": {}}),
    case("K1", "inSchema", inSchema=ABSENT, filter=ABSENT),
    case("K3", "outSchema", outSchema=ABSENT),
    case("K4", "outSchema", outSchema=ABSENT),
    case("K3", "", transformation={"mapping": {"mail": "mail"}}),
    case("K3", "", transformation={"mapping": {"": "mail"}}),
    case("K3", "", transformation={"mapping": {"e mail": "mail"}}),
    case("K3", "", transformation={"mapping": {"email.x": "mail"}}),
    case("K3", "", transformation={"mapping": {"email": ""}}),
    case("K3", "", transformation={"mapping": {"email": "post"}}),
    case("K3", "", transformation={"mapping": {"email": "upper("}}),
    case("K3", "", transformation={"mapping": {"email": "nope(mail)"}}),
    case("K3", "", transformation={"mapping": {"email": "upper(mail, mail)"}}),
    case(
        "K3",
        "",
        transformation={"mapping": {"address": "mail", "address.city": "mail"}},
        outSchema=schema(profile("address", schema(profile("city")))),
    ),
    # PIPE-102, PIPE-103
    case("K3", "outSchema", transformation=function(), outSchema=ABSENT),
    *(
        case("K3", f"transformation.function.{member}", transformation=function(**{member: value}))
        for member, value in (
            ("source", ABSENT),
            ("source", None),
            ("source", ""),
            ("source", "x" * 50_001),
            ("language", ABSENT),
            ("language", ""),
            ("language", "python"),
            ("language", "Ruby"),
            ("inPaths", ABSENT),
            ("inPaths", None),
            ("inPaths", []),
            ("inPaths", ["mail", "mail"]),
            ("inPaths", ["post"]),
            ("inPaths", [""]),
            ("inPaths", ["mail."]),
            ("inPaths", ["mail.x"]),
            ("outPaths", ABSENT),
            ("outPaths", None),
            ("outPaths", []),
            ("outPaths", ["email", "email"]),
            ("outPaths", ["mail"]),
            ("outPaths", ["e-mail"]),
        )
    ),
    case(
        "K3",
        "transformation.function.outPaths",
        transformation=function(outPaths=["a", "a.b"]),
        outSchema=schema(profile("a", schema(profile("b")))),
    ),
    case(
        "K3",
        "transformation.function.outPaths",
        transformation=function(outPaths=["a.b", "c", "a"]),
        outSchema=schema(profile("a", schema(profile("b"))), profile("c")),
    ),
    case(
        "K1",
        "transformation.function.inPaths",
        filter=None,
        transformation=function(inPaths=["list.x"]),
        inSchema=schema(prop("list", {"kind": "array", "elementType": schema(prop("x"))})),
    ),
    case("K7", "transformation.function.outPaths", transformation=function(inPaths=[], outPaths=[])),
    # PIPE-40
    case("K3", "path", path="p" * 1_025),
    *(
        case("K3", "path", path=path)
        for path in ("x/${today}.csv", "x/${}.csv", "x/${", "${today", "a${b}c")
    ),
    *(
        case("K9", "path", path=path)
        for path in ("x/${", "x/${today", "${}", "${tomorrow}", "${today}${x}", "${to day}", "$${")
    ),
    # PIPE-41
    case("K8", "tableName", tableName=LONG),
    # PIPE-42
    *(
        ("K3", excel(sheet=sheet), BAD, "sheet")
        for sheet in ("'a", "a'", "'", "s" * 32, *(f"a{mark}b" for mark in "*/:?[\\]"))
    ),
    # PIPE-43
    *(case("K6", "exportMode", exportMode=mode) for mode in ("createOnly", "Create", "All")),
    # PIPE-44, section 7
    case("K6", "matching.in", matching={"out": "contact.email"}),
    case("K6", "matching.in", matching={"in": "", "out": "contact.email"}),
    case("K6", "matching.out", matching={"in": "email", "out": None}),
    case("K6", "exportMode", exportMode=ABSENT),
    case("K6", "matching.in", matching={"in": "mail", "out": "contact.email"}),
    case("K6", "matching.in", matching={"in": "e mail", "out": "contact.email"}),
    case("K6", "matching.out", matching={"in": "email", "out": "contact"}),
    case("K6", "matching.out", matching={"in": "email", "out": "contact.mail"}),
    case("K6", "matching.out", matching={"in": "email", "out": "contact."}),
    *(
        ("K6", _matching(in_type, "string"), BAD, "matching.in")
        for in_type in ("json", "boolean", "datetime", DECIMAL, TEXTS)
    ),
    *(
        ("K6", _matching("string", out_type), BAD, "matching.out")
        for out_type in ("json", "boolean", "date", {"kind": "float", "bitSize": 64})
    ),
    ("K6", _matching(INT, "uuid"), BAD, "matching"),
    ("K6", _matching("uuid", INT), BAD, "matching"),
    case("K6", "matching.out", transformation={
        "mapping": {"contact.email": "email", "contact.firstname": "first_name"},
    }),
    case("K6", "matching.out", transformation={
        "function": {
            "source": "x", "language": "Python", "inPaths": ["first_name"], "outPaths": ["contact"],
        },
    }),
    # PIPE-45
    *(
        case("K3", "compression", compression=each)
        for each in ("zip", "GZIP", "None", "Brotli", " ")
    ),
    # PIPE-46, PIPE-47
    *(
        case("K3", member, **{member: name})
        for member in ("userIDColumn", "updatedAtColumn")
        for name in ("a.b", "1a", "a b", "é", LONG, " card")
    ),
    # PIPE-48
    *(
        case("K3", "updatedAtFormat", updatedAtFormat=form)
        for form in ("Y-m-d", "iso8601", "excel", "%" * 65)
    ),
    # PIPE-49
    *(case("K9", "orderBy", orderBy=path) for path in ("e mail", "a..b", ".a", LONG)),
    # PIPE-50
    *(case(kind, "incremental", incremental=True) for kind in ("K6", "K7", "K8", "K9")),
    *(case(kind, "incremental", incremental=True) for kind in ("K4", "K5")),
    case("K3", "updatedAtColumn", incremental=True, updatedAtColumn=ABSENT, updatedAtFormat=ABSENT),
    case("K2", "updatedAtColumn", updatedAtColumn=""),
    # PIPE-60
    case("K5", "outSchema", outSchema=schema(profile("email"))),
    # PIPE-61, section 8: the profile side
    *(
        case(kind, "outSchema", outSchema=schema(item))
        for kind in ("K1", "K2", "K3", "K4")
        for item in (
            prop("email"),
            profile("email", nullable=True),
            profile("email", createRequired=True),
            profile("email", updateRequired=True),
            profile("email", prefilled="x"),
        )
    ),
    *(
        case(
            kind,
            "inSchema",
            inSchema=schema(profile("first_name"), profile("email"), item),
            transformation=transformation,
        )
        for kind, transformation in (
            ("K6", {"mapping": {"contact.firstname": "first_name"}}),
            ("K8", {"mapping": {"mail": "email", "name": "first_name"}}),
            ("K9", ABSENT),
        )
        for item in (
            prop("other"),
            profile("_other"),
            profile("other", nullable=True),
            profile("other", schema(profile("_inner"))),
            profile("other", schema(prop("inner"))),
            profile("other", {"kind": "array", "elementType": TEXTS}),
            profile("other", {"kind": "map", "elementType": schema(profile("inner"))}),
            profile("EMAIL"),
        )
    ),
    case("K9", "inSchema", inSchema=schema(
        profile("email"), profile("a", schema(profile("b"))), profile("a_B"),
    )),
    # The source side
    *(
        case("K3", "inSchema", inSchema=schema(prop("card"), item, prop("changed")))
        for item in (
            prop("mail", createRequired=True),
            prop("mail", updateRequired=True),
            prop("mail", prefilled="x"),
        )
    ),
    case("K2", "inSchema", inSchema=schema(
        prop("id", INT), prop("mail", readOptional=True), prop("changed", "datetime"),
    )),
    # The application's side
    case("K6", "outSchema", outSchema=schema(
        prop("contact", schema(prop("email"), prop("firstname", readOptional=True))),
    )),
    case(
        "K6",
        "outSchema",
        # `con` is only a lexical prefix of `contact.email`.
        transformation={"mapping": {"con": "first_name"}},
        outSchema=schema(prop("contact", schema(prop("email"))), prop("con", readOptional=True)),
    ),
    case("K7", "outSchema", outSchema=schema(prop("what", updateRequired=True))),
    case("K7", "outSchema", outSchema=schema(prop("what", readOptional=True))),
    # A table
    *(
        case("K8", "outSchema", outSchema=schema(key, name))
        for key, name in (
            (prop("mail"), prop("name")),
            (prop("mail", createRequired=True, nullable=True), prop("name")),
            (prop("mail", createRequired=True), prop("name", createRequired=True)),
            (prop("mail", createRequired=True), prop("name", readOptional=True)),
            (prop("mail", createRequired=True, updateRequired=True), prop("name")),
        )
    ),
    # PIPE-62
    *(case("K3", "formatSettings", formatSettings=value) for value in (ABSENT, None, [], "x", 5)),
    *(
        ("K3", excel(formatSettings=value), BAD, "formatSettings") for value in (ABSENT, None)
    ),
    case("K3", "formatSettings", format="json", formatSettings=ABSENT),
    case("K3", "formatSettings", format="parquet", formatSettings={}),
    case("K9", "formatSettings", format="excel", sheet="S", formatSettings={}),
    *(
        case(kind, "formatSettings", formatSettings={})
        for kind in ("K1", "K2", "K4", "K5", "K6", "K7", "K8")
    ),
    # PIPE-63
    *(
        case(kind, "compression", compression="Zip")
        for kind in ("K1", "K2", "K4", "K5", "K6", "K7", "K8")
    ),
    # PIPE-64
    case("K2", "query", query=ABSENT),
    case("K2", "query", query=""),
    case("K2", "query", query="q" * 1_001),
    *(
        case(kind, "query", query="SELECT 1")
        for kind in ("K1", "K3", "K4", "K5", "K6", "K7", "K8", "K9")
    ),
    # PIPE-65
    *(case(kind, "path", path=path) for kind in ("K3", "K9") for path in (ABSENT, None, "")),
    *(("K3", excel(sheet=sheet), BAD, "sheet") for sheet in (ABSENT, None, "")),
    *(case(kind, "sheet", sheet="Sheet1") for kind in ("K3", "K9")),
    *(
        case(kind, member, **{member: "x"})
        for kind in ("K1", "K2", "K4", "K5", "K6", "K7", "K8")
        for member in ("path", "sheet")
    ),
    # PIPE-66
    case("K2", "userIDColumn", userIDColumn=ABSENT),
    case("K3", "userIDColumn", userIDColumn=None),
    case("K3", "userIDColumn", userIDColumn="nobody"),
    _users(prop("card", readOptional=True)),
    *(
        _users(prop("card", type_))
        for type_ in (TEXTS, "boolean", "date", "datetime", "year", "ip", DECIMAL)
    ),
    _users(prop("card", schema(prop("number"))), "number"),
    *(
        _column("updatedAtColumn", prop("changed", type_))
        for type_ in (INT, "boolean", "year", "time", "uuid", TEXTS)
    ),
    case("K3", "updatedAtColumn", updatedAtColumn="never"),
    _column("updatedAtFormat", prop("changed", "date")),
    _column("updatedAtFormat", prop("changed", "datetime"), updatedAtFormat="%Y"),
    _column("updatedAtFormat", prop("changed"), updatedAtFormat=ABSENT),
    _column("updatedAtFormat", prop("changed", "json"), updatedAtFormat=""),
    ("K3", body("K3", updatedAtColumn=ABSENT), BAD, "updatedAtFormat"),
    case("K3", "updatedAtFormat", updatedAtFormat="Excel"),
    case(
        "K2",
        "updatedAtFormat",
        inSchema=schema(prop("id", INT), prop("mail"), prop("changed")),
        updatedAtFormat="Excel",
    ),
    *(
        case(kind, member, **{member: value})
        for kind in ("K1", "K4", "K5", "K6", "K7", "K8", "K9")
        for member, value in (
            ("userIDColumn", "email"),
            ("updatedAtColumn", "email"),
            ("updatedAtFormat", "ISO8601"),
        )
    ),
    # PIPE-67
    case("K9", "inSchema", inSchema=ABSENT),
    case("K9", "outSchema", outSchema=schema(profile("email"))),
    case("K9", "orderBy", orderBy=ABSENT),
    case("K9", "orderBy", orderBy="mail"),
    *(
        case(
            "K9",
            "orderBy",
            orderBy="by",
            inSchema=schema(profile("by", type_), profile("email")),
        )
        for type_ in ("json", "boolean", "date", TEXTS, {**DECIMAL, "scale": 2}, schema(profile("x")))
    ),
    *(
        case(kind, "orderBy", orderBy="email")
        for kind in ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8")
    ),
    # PIPE-68
    case("K8", "tableName", tableName=ABSENT),
    case("K8", "tableKey", tableKey="nope", outSchema=schema(prop("mail"), prop("name"))),
    case("K8", "tableKey", tableKey="m.x", outSchema=schema(prop("mail"), prop("name"))),
    case("K8", "tableKey", tableKey=ABSENT, outSchema=schema(prop("mail"), prop("name"))),
    case("K8", "", outSchema=schema(
        prop("id", "uuid", createRequired=True), prop("mail"), prop("name"),
    ), tableKey="id"),
    case("K8", "", transformation={"mapping": {"mail": "email"}}),
    case("K8", "tableKey", outSchema=schema(
        prop("mail", "json", createRequired=True), prop("name"),
    )),
    *(
        case(kind, member, **{member: "email"})
        for kind in ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K9")
        for member in ("tableName", "tableKey")
    ),
    # PIPE-69
    case("K6", "matching", matching=ABSENT),
    case("K6", "matching", matching=None),
    case("K6", "matching", matching={"in": "", "out": ""}),
    case("K6", "exportMode", exportMode=ABSENT, matching=ABSENT),
    *(
        case(kind, "exportMode", exportMode="CreateOnly")
        for kind in ("K1", "K2", "K3", "K4", "K5", "K7", "K8", "K9")
    ),
    case("K8", "exportMode", matching={"in": "email", "out": "name"}),
    # PIPE-70
    *(
        case(kind, "updateOnDuplicates", updateOnDuplicates=True)
        for kind in ("K1", "K2", "K3", "K4", "K5", "K7", "K8", "K9")
    ),
    # PIPE-71
    *(
        case(kind, "transformation", transformation=value)
        for kind in ("K1", "K2", "K3", "K6")
        for value in (ABSENT, None)
    ),
    case("K8", "", transformation=ABSENT),
    case("K5", "outSchema", transformation=MAPPING),
    case("K9", "outSchema", transformation=MAPPING),
    # PIPE-72: constants, even if a filter reads something
    *(
        case(kind, "transformation", transformation={"mapping": {"email": "'x@y'"}})
        for kind in ("K1", "K2", "K3")
    ),
    case("K6", "transformation", transformation={"mapping": {"contact.firstname": "'x'"}}),
    case("K8", "transformation", transformation={"mapping": {"mail": "'x'", "name": "'y'"}}),
    # PIPE-73
    case("K3", "inSchema", inSchema=schema(
        prop("card"), prop("mail"), prop("changed"), prop("phone"),
    )),
    case("K3", "outSchema", outSchema=schema(profile("email"), profile("phone"))),
    case("K1", "inSchema", filter=ABSENT),
    case("K1", "inSchema", inSchema=schema(
        prop("mail"), prop("country"), prop("address", schema(prop("city"))),
    )),
    case("K7", "outSchema", outSchema=schema(prop("what"), prop("when"))),
    case("K4", "outSchema", transformation=ABSENT),
    case("K6", "outSchema", outSchema=schema(
        prop("contact", schema(prop("email"), prop("firstname"), prop("lastname"))),
    )),
    # PIPE-82
    *(
        case("K3", "", (422, "InvalidSettings"), formatSettings=settings)
        for settings in (
            {},
            {"separator": ";;"},
            {"separator": ""},
            {"separator": 5},
            {"separator": ",", "hasColumnNames": "yes"},
            {"separator": ",", "numberOfColumns": 1_001},
            {"separator": ",", "quote": "'"},
        )
    ),
    case("K3", "", (422, "InvalidSettings"), format="json", formatSettings={}),
    ("K3", excel(formatSettings={"HASCOLUMNNAMES": True}), (422, "InvalidSettings"), ""),
]  # fmt: skip

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
    ("K3", _with_columns(inSchema=schema(prop("card"), prop("mail")))),
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
        ("K6", _matching(in_type, out_type))
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


@pytest.mark.parametrize(("kind", "sent", "status", "about"), REFUSED)
async def test_one_mistake_is_refused_by_its_rule(
    kind: str, sent: Body, status: tuple[int, str], about: str
) -> None:
    with pytest.raises(ApiError) as caught:
        await check(kind, sent)

    found = refused(caught.value)
    assert (found.status, found.code) == status
    # Where no member is named first, the message is about an expression, a path or a target.
    assert not about or found == Refused(*status, about)


@pytest.mark.parametrize(("kind", "sent"), ACCEPTED)
async def test_what_breaks_no_rule_is_accepted(kind: str, sent: Body) -> None:
    definition = await check(kind, sent)

    assert definition.name == sent["name"]
