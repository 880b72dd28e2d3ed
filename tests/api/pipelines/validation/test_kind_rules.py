"""PIPE-60 to PIPE-82, section 8: what each rule about kind and connection refuses, alone."""

import pytest

from tests.api.pipelines.bodies import ABSENT, INT, body, excel, profile, prop, schema
from tests.api.pipelines.validation.cases import (
    BAD,
    DECIMAL,
    MAPPING,
    TEXTS,
    Case,
    assert_refused,
    case,
    column_case,
    users_case,
)

pytestmark = pytest.mark.anyio

REFUSED: list[Case] = [
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
    users_case(prop("card", readOptional=True)),
    *(
        users_case(prop("card", type_))
        for type_ in (TEXTS, "boolean", "date", "datetime", "year", "ip", DECIMAL)
    ),
    users_case(prop("card", schema(prop("number"))), "number"),
    *(
        column_case("updatedAtColumn", prop("changed", type_))
        for type_ in (INT, "boolean", "year", "time", "uuid", TEXTS)
    ),
    case("K3", "updatedAtColumn", updatedAtColumn="never"),
    column_case("updatedAtFormat", prop("changed", "date")),
    column_case("updatedAtFormat", prop("changed", "datetime"), updatedAtFormat="%Y"),
    column_case("updatedAtFormat", prop("changed"), updatedAtFormat=ABSENT),
    column_case("updatedAtFormat", prop("changed", "json"), updatedAtFormat=""),
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


@pytest.mark.parametrize("sent", REFUSED)
async def test_one_mistake_is_refused_by_its_rule(sent: Case) -> None:
    await assert_refused(sent)
