"""Of two mistakes, the one whose rule comes first is told (section 4)."""

from itertools import combinations

import pytest

from api.errors import ApiError
from mapping_lang.diagnostics import Code, Diagnostic, Span
from runtime.contract import Function
from runtime.sandbox.interface import Language
from tests.api.pipelines.bodies import ABSENT, Body, body, excel, function, profile, prop, schema
from tests.api.pipelines.checking import LocalCompiler, Refused, check, refused

pytestmark = pytest.mark.anyio

# For a kind, mistakes in different members in the order of their rules: each with what is told.
_MISTAKES: dict[str, list[tuple[str, Body]]] = {
    "K3": [
        ("target", {"target": "Group"}),
        ("eventType", {"eventType": "purchase"}),
        ("FormatNotExist", {"format": "pdf"}),
        ("name", {"name": "n" * 61}),
        ("outSchema", {"outSchema": {"kind": "string"}}),
        ("the filter", {"filter": {"logical": "and", "conditions": []}}),
        ("the mapping", {"transformation": {"mapping": {"email": "nope"}}}),
        ("path", {"path": "${x}"}),
        ("tableName", {"tableName": "t" * 1_025}),
        ("sheet", {"sheet": "'"}),
        ("exportMode", {"exportMode": "Never"}),
        ("matching.in", {"matching": {"out": "email"}}),
        ("compression", {"compression": "Rar"}),
        ("userIDColumn", {"userIDColumn": "a.b"}),
        ("updatedAtColumn", {"updatedAtColumn": "a.b"}),
        ("updatedAtFormat", {"updatedAtFormat": "Y"}),
        ("orderBy", {"orderBy": "a..b"}),
        ("inSchema", {
            "inSchema": schema(prop("card"), prop("mail"), prop("changed", prefilled="x")),
        }),
        ("formatSettings", {"formatSettings": []}),
        ("query", {"query": "SELECT 1"}),
        ("tableKey", {"tableKey": "email"}),
        ("updateOnDuplicates", {"updateOnDuplicates": True}),
    ],
    "K6": [
        ("eventType", {"eventType": "purchase"}),
        ("format", {"format": "csv"}),
        ("name", {"name": ""}),
        ("inSchema", {"inSchema": {"kind": "json"}}),
        ("the filter", {"filter": {"logical": "and", "conditions": []}}),
        ("the mapping", {"transformation": {"mapping": {"nope": "email"}}}),
        ("path", {"path": "${"}),
        ("exportMode", {"exportMode": "Upsert"}),
        ("matching.out", {"matching": {"in": "email"}}),
        ("compression", {"compression": "Rar"}),
        ("incremental", {"incremental": True}),
        ("outSchema", {"outSchema": schema(prop("contact", schema(
            prop("email"), prop("firstname", prefilled="x"),
        )))}),
        ("formatSettings", {"formatSettings": {}}),
        ("query", {"query": "SELECT 1"}),
        ("sheet", {"sheet": "S"}),
        ("userIDColumn", {"userIDColumn": "email"}),
        ("orderBy", {"orderBy": "email"}),
        ("tableName", {"tableName": "t"}),
    ],
    "K8": [
        ("name", {"name": ""}),
        ("the filter", {"filter": {"logical": "nor"}}),
        ("the mapping", {"transformation": {"mapping": {"mail": "("}}}),
        ("matching.in", {"matching": {"out": "mail"}}),
        ("inSchema", {"inSchema": schema(
            profile("email"), profile("first_name"), profile("_x"),
        )}),
        ("formatSettings", {"formatSettings": {}}),
        ("compression", {"compression": "Zip"}),
        ("query", {"query": "SELECT 1"}),
        ("path", {"path": "x"}),
        ("userIDColumn", {"userIDColumn": "email"}),
        ("orderBy", {"orderBy": "email"}),
        ("tableName", {"tableName": ABSENT}),
        ("exportMode", {"exportMode": "CreateOnly"}),
        ("updateOnDuplicates", {"updateOnDuplicates": True}),
    ],
    "K9": [
        ("FormatNotExist", {"format": "pdf"}),
        ("name", {"name": ""}),
        ("the filter", {"filter": {"logical": "nor"}}),
        ("path", {"path": "${tomorrow}"}),
        ("compression", {"compression": "Rar"}),
        ("incremental", {"incremental": True}),
        ("inSchema", {"inSchema": schema(profile("email"), prop("tags"))}),
        ("formatSettings", {"formatSettings": ABSENT}),
        ("query", {"query": "SELECT 1"}),
        ("sheet", {"sheet": "S"}),
        ("updatedAtColumn", {"updatedAtColumn": "email"}),
        ("outSchema", {"outSchema": schema(profile("email"))}),
        ("tableName", {"tableName": "t"}),
        ("exportMode", {"exportMode": "UpdateOnly"}),
    ],
}  # fmt: skip


def _told(error: ApiError) -> str:
    """Name what an error is about as the tables here do."""
    if error.status == 422:
        return error.code
    for subject in ("the filter", "the mapping"):
        if error.message.startswith(subject):
            return subject
    return refused(error).about


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [(kind, *pair) for kind, mistakes in _MISTAKES.items() for pair in combinations(mistakes, 2)],
)
async def test_the_first_of_two_mistakes_is_told(
    kind: str, first: tuple[str, Body], second: tuple[str, Body]
) -> None:
    with pytest.raises(ApiError) as caught:
        await check(kind, body(kind, **{**second[1], **first[1]}))

    assert _told(caught.value) == first[0]


_PAIRS: list[tuple[str, Body, str]] = [
    # PIPE-30 comes before everything else.
    ("K7", body("K7", inSchema=schema(prop("x")), name="", format="pdf"), "inSchema"),
    # An unknown format is told before a name that is too long (section 13, 14).
    ("K3", body("K3", format="pdf", name="n" * 61), "FormatNotExist"),
    ("K3", body("K3", format="mysql", name=""), "format"),
    # A mapping is told before an unused property (section 13, 15).
    (
        "K3",
        body("K3", transformation={"mapping": {"email": "("}},
             inSchema=schema(prop("card"), prop("mail"), prop("changed"), prop("phone"))),
        "the mapping",
    ),
    # In functions: schemas, source, language, paths in, paths out.
    ("K3", body("K3", transformation=function(source="", language="Ruby"), outSchema=None),
     "outSchema"),
    ("K3", body("K3", transformation=function(source="", language="Ruby")),
     "transformation.function.source"),
    ("K3", body("K3", transformation=function(language="Ruby", inPaths=None)),
     "transformation.function.language"),
    ("K3", body("K3", transformation=function(inPaths=["nope"], outPaths=[])),
     "transformation.function.inPaths"),
    # In matching: both there, then the mode, then the side of profiles.
    ("K6", body("K6", exportMode=None, matching={"in": "x"}), "matching.out"),
    ("K6", body("K6", exportMode=None, matching={"in": "x", "out": "y"}), "exportMode"),
    ("K6", body("K6", matching={"in": "x", "out": "y"}), "matching.in"),
    # Flags of the schema coming in, then of the one going out.
    ("K3", body("K3", inSchema=schema(prop("card"), prop("mail", createRequired=True),
                                      prop("changed")), outSchema=schema(prop("email"))),
     "inSchema"),
    # Unused: first coming in, then going out; depth first and in order.
    ("K3", body("K3", inSchema=schema(prop("card"), prop("mail"), prop("changed"), prop("phone")),
                outSchema=schema(profile("email"), profile("phone"))), "inSchema"),
    # Constants before unused properties.
    ("K1", body("K1", transformation={"mapping": {"email": "'x'"}}), "transformation"),
    # The settings of a format are judged last.
    ("K3", body("K3", formatSettings={}, query="x"), "query"),
    ("K3", body("K3", formatSettings={},
                inSchema=schema(prop("card"), prop("mail"), prop("changed"), prop("phone"))),
     "inSchema"),
    ("K3", excel(formatSettings={"x": 1}, sheet=None), "sheet"),
    # The user id before the update time, and that before its format.
    ("K3", body("K3", userIDColumn=None, updatedAtColumn="nope"), "userIDColumn"),
    ("K3", body("K3", updatedAtColumn="nope", updatedAtFormat="Excel"), "updatedAtColumn"),
    # The table before its key.
    ("K8", body("K8", tableName=None, tableKey=None,
                outSchema=schema(prop("mail"), prop("name"))), "tableName"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "told"), _PAIRS)
async def test_within_a_rule_the_documented_order_holds(kind: str, sent: Body, told: str) -> None:
    with pytest.raises(ApiError) as caught:
        await check(kind, sent)

    assert _told(caught.value) == told


async def test_a_language_that_is_not_there_is_told_before_its_paths() -> None:
    sent = body("K3", transformation=function(inPaths=None))
    with pytest.raises(ApiError) as caught:
        await check("K3", sent, languages=frozenset({Language.JAVASCRIPT}))

    assert refused(caught.value) == Refused(422, "UnsupportedLanguage", "")


async def test_an_unused_leaf_is_named_depth_first() -> None:
    sent = body(
        "K1",
        filter=None,
        inSchema=schema(
            prop("mail"), prop("a", schema(prop("b", schema(prop("c"))), prop("d"))), prop("e")
        ),
    )
    with pytest.raises(ApiError) as caught:
        await check("K1", sent)

    assert caught.value.message == "`inSchema` has «a.b.c», which the pipeline does not use"


_SYNTAX = Diagnostic(
    code=Code.FUNCTION_SYNTAX, message="invalid syntax", span=Span(22, 23), hint="close it"
)


async def test_a_function_is_compiled_when_nothing_else_is_wrong() -> None:
    """DEC-30, PIPE-81 after PIPE-82."""
    compiler = LocalCompiler(_SYNTAX)
    source = "def transform(user):\n (\n"
    others: list[Body] = [{"formatSettings": {}}, {"query": "x"}, {"name": ""}]
    for changed in others:
        with pytest.raises(ApiError):
            await check(
                "K3",
                body("K3", transformation=function(source=source), **changed),
                compiler=compiler,
            )
    assert compiler.asked == []

    with pytest.raises(ApiError) as caught:
        await check("K3", body("K3", transformation=function(source=source)), compiler=compiler)

    assert [type(each.body) for each in compiler.asked] == [Function]
    error = caught.value
    assert (error.status, error.code, error.message, error.cause) == (
        422,
        "TransformationFailed",
        "the transformation failed: invalid syntax",
        "line 2, column 2: U502: invalid syntax\n   (\n   ^\n  hint: close it",
    )


async def test_every_mistake_of_a_mapping_is_shown_where_it_is() -> None:
    mapping = {"email": "upper(mail", "name": "post"}
    sent = body(
        "K3",
        transformation={"mapping": mapping},
        outSchema=schema(profile("email"), profile("name")),
    )
    with pytest.raises(ApiError) as caught:
        await check("K3", sent)

    error = caught.value
    assert (error.status, error.code) == (400, "BadRequest")
    lines = error.cause.split("\n")
    assert [line for line in lines if line.startswith("/")] == [
        "/email, line 1, column 1: E406: the call of «upper» has no end",
        "/name, line 1, column 1: E421: property «post» does not exist",
    ]
