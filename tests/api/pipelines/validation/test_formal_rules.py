"""PIPE-24 to PIPE-50, sections 5 to 7: what each formal rule refuses, alone."""

import pytest

from tests.api.pipelines.bodies import ABSENT, INT, excel, function, profile, prop, schema
from tests.api.pipelines.validation.cases import (
    BAD,
    DECIMAL,
    FILTER,
    LONG,
    MAPPING,
    TEXTS,
    Case,
    assert_refused,
    case,
    matching,
)

pytestmark = pytest.mark.anyio

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
        ("K6", matching(in_type, "string"), BAD, "matching.in")
        for in_type in ("json", "boolean", "datetime", DECIMAL, TEXTS)
    ),
    *(
        ("K6", matching("string", out_type), BAD, "matching.out")
        for out_type in ("json", "boolean", "date", {"kind": "float", "bitSize": 64})
    ),
    ("K6", matching(INT, "uuid"), BAD, "matching"),
    ("K6", matching("uuid", INT), BAD, "matching"),
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
]  # fmt: skip


@pytest.mark.parametrize("sent", REFUSED)
async def test_one_mistake_is_refused_by_its_rule(sent: Case) -> None:
    await assert_refused(sent)
