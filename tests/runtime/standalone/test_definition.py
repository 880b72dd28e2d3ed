import json
from pathlib import Path

import pytest

from runtime.contract import Function, Mapping
from runtime.sandbox.interface import Language
from runtime.standalone.definition import (
    MAX_FILE_BYTES,
    Definition,
    parse_definition,
    read_definition,
)
from runtime.standalone.located import locate_refusal
from runtime.standalone.outcome import DefinitionRefusedError, UnreadableError
from tests.runtime.standalone.inputs import INT, TEXT, object_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

IN = {"kind": "object", "properties": [{"name": "a", "type": {"kind": "string"}}]}
OUT = {"kind": "object", "properties": [{"name": "b", "type": {"kind": "int", "bitSize": 32}}]}
FUNCTION = {
    "source": "def transform(r): return {}",
    "language": "Python",
    "preserveJSON": True,
    "inPaths": ["a"],
    "outPaths": ["b"],
}


def text_of(transformation: object = None, **members: object) -> str:
    body = {"mapping": {"b": "a"}} if transformation is None else transformation
    return json.dumps({"inSchema": IN, "outSchema": OUT, "transformation": body} | members)


def parse(text: str) -> Definition:
    return parse_definition("x.json", text)


def refused(text: str) -> tuple[str, str, str, str]:
    """Code, pointer, message and hint."""
    with pytest.raises(DefinitionRefusedError) as error:
        parse(text)
    found = error.value.diagnostic
    assert found.span is not None
    assert locate_refusal(error.value).where.startswith("x.json, line ")
    return found.code.value, found.pointer or "", found.message, found.hint


def test_a_mapping_is_read_with_its_lines() -> None:
    text = '{"inSchema":%s,\n"outSchema":%s,\n"transformation":{\n"function":null,"mapping":{"b":"a"}}}'
    found = parse(text % (json.dumps(IN), json.dumps(OUT)))
    assert (found.in_schema, found.out_schema) == (object_of(a=TEXT), object_of(b=INT))
    assert found.transformation.body == Mapping(expressions=(("b", "a"),))
    assert found.lines == {"b": 4}
    assert found.ignored == ()


def test_a_function_is_read() -> None:
    assert parse(text_of({"function": FUNCTION, "mapping": None})).transformation.body == Function(
        language=Language.PYTHON,
        source="def transform(r): return {}",
        in_paths=("a",),
        out_paths=("b",),
        preserve_json=True,
    )
    without = {name: value for name, value in FUNCTION.items() if name != "preserveJSON"}
    body = parse(text_of({"function": without})).transformation.body
    assert isinstance(body, Function)
    assert not body.preserve_json


def test_the_rest_of_a_pipeline_is_ignored_but_for_what_it_uses() -> None:
    # PIPE-73
    found = parse(
        text_of(
            name="x",
            enabled=True,
            userIDColumn="id",
            updatedAtColumn=None,
            matching={"in": "email", "out": "contact.email"},
            filter={
                "logical": "and",
                "conditions": [{"property": "j.k", "operator": "exists"}, {"property": 5}, 7],
            },
        )
    )
    assert found.ignored == (
        "name", "enabled", "userIDColumn", "updatedAtColumn", "matching", "filter",
    )  # fmt: skip
    assert found.used_in == {"id", "email", "j.k"}
    assert found.used_out == {"contact.email"}


@pytest.mark.parametrize(
    ("text", "code", "pointer", "message", "hint"),
    [
        ("", "V201", "", "the file is not JSON: the text is empty, expected a JSON value", ""),
        (
            '{"a":1,}',
            "V201",
            "",
            "the file is not JSON: found «}», expected a member name in double quotes",
            "",
        ),
        ("[]", "V202", "", "the file is an array, expected an object", ""),
        (
            text_of(outSchema=None),
            "V213",
            "/outSchema",
            "`outSchema` is null, expected the schema of the records that go out",
            "",
        ),
        (
            '{"inschema":{}}',
            "V213",
            "/inSchema",
            "`inSchema` is missing, expected the schema of the records that come in",
            "did you mean «inschema»?",
        ),
        (
            text_of(inSchema={"kind": "objekt"}),
            "S102",
            "/inSchema/kind",
            ("`kind` is the string «objekt», expected one of string, boolean, int, float, decimal,"
            " datetime, date, time, year, uuid, json, ip, array, object, map"),
            "did you mean «object»?",
        ),
        (
            text_of({}),
            "V202",
            "/transformation",
            "found neither of them in `transformation`, expected `mapping` or `function`",
            "",
        ),
        (
            text_of({"mapping": {"b": "a"}, "function": FUNCTION}),
            "V202",
            "/transformation",
            ("found both `mapping` and `function` in `transformation`, expected `mapping` or"
            " `function`"),
            "",
        ),
        (
            text_of({"maping": {}}),
            "V214",
            "/transformation/maping",
            "the member «maping» is unknown, expected `mapping`, `function`",
            "did you mean «mapping»?",
        ),
        (
            text_of({"mapping": {"b": 5}}),
            "V202",
            "/transformation/mapping/b",
            "found a number, expected a string: an expression",
            "",
        ),
        (
            text_of({"function": FUNCTION | {"language": "javascript"}}),
            "V208",
            "/transformation/function/language",
            'found the language «javascript», expected "JavaScript" or "Python"',
            "did you mean «JavaScript»?",
        ),
        (
            text_of({"function": FUNCTION | {"inPaths": ["a", 5]}}),
            "V202",
            "/transformation/function/inPaths/1",
            "found a number, expected a string: a path",
            "",
        ),
        (
            text_of({"function": FUNCTION | {"outPaths": "b"}}),
            "V202",
            "/transformation/function/outPaths",
            "found the string «b», expected a list of paths",
            "",
        ),
        (
            text_of({"function": FUNCTION | {"preserveJSON": "yes"}}),
            "V202",
            "/transformation/function/preserveJSON",
            "found the string «yes», expected true or false",
            "",
        ),
        (
            text_of({"function": {"language": "Python"}}),
            "V213",
            "/transformation/function/source",
            "`source` of the function is missing, expected the code of the function",
            "",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named_with_its_place(
    text: str, code: str, pointer: str, message: str, hint: str
) -> None:
    assert refused(text) == (code, pointer, message, hint)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "is not UTF-8: byte 0 is 0xff"),
        (b" " * (MAX_FILE_BYTES + 1), f"has more than {MAX_FILE_BYTES:,} bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(UnreadableError) as error:
        read_definition("x.json", file)
    assert (error.value.place, error.value.message) == ("x.json", message)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"^x\.json: No such file or directory$"):
        read_definition("x.json", tmp_path / "x.json")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    # DEC-52
    file = tmp_path / "x.json"
    file.write_bytes(b"\xef\xbb\xbf" + text_of().encode())
    assert read_definition("x.json", file).lines == {"b": 1}


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.name)
def test_the_examples_are_definitions(file: Path) -> None:
    read_definition(file.name, file)
