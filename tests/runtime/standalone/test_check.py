import json
import textwrap

import pytest

from mapping_lang.types.kinds import ArrayType, JsonType
from runtime.limits import Limits
from runtime.standalone.check import (
    Checked,
    CheckOrder,
    checked_lines,
    checked_members,
    compile_definition,
    unused,
)
from runtime.standalone.definition import Definition, parse_definition
from runtime.standalone.engines import Engines
from runtime.standalone.terminal import Look
from tests.runtime.standalone.inputs import INT, TEXT, object_of

SCHEMA = object_of(
    a=TEXT,
    o=object_of(x=TEXT, y=object_of(z=TEXT)),
    j=JsonType(),
    l=ArrayType(object_of(q=INT)),
)
IN = (
    '{"kind":"object","properties":[{"name":"name","type":{"kind":"string"}},'
    '{"name":"age","type":{"kind":"int","bitSize":32}}]}'
)


def definition_of(mapping: dict[str, str], **members: object) -> Definition:
    out = [{"name": name, "type": {"kind": "string"}} for name in ("first", "second")]
    return parse_definition(
        "x.json",
        json.dumps(
            {
                "inSchema": json.loads(IN),
                "outSchema": {"kind": "object", "properties": out},
                "transformation": {"mapping": mapping},
            }
            | members
        ),
    )


def checked(definition: Definition) -> Checked:
    with Engines(Limits()) as engines:
        return compile_definition("x.json", definition, engines)


def shown(definition: Definition, *, verbose: bool = False, columns: int = 60) -> str:
    order = CheckOrder(place="x.json", is_verbose=verbose, limits=Limits())
    return "\n".join(checked_lines(order, definition, checked(definition), Look(columns=columns)))


@pytest.mark.parametrize(
    ("used", "left"),
    [
        ([], ["a", "o.x", "o.y.z", "j", "l"]),
        (["a", "o", "j", "l"], []),
        (["o.y", "j.deep.inside"], ["a", "o.x", "l"]),
        (["o.x", "o.y.z", "a", "l"], ["j"]),
    ],
)
def test_unused_are_the_leaves_that_nothing_leads_to(used: list[str], left: list[str]) -> None:
    # PIPE-73: through objects only; a filter may reach into JSON.
    assert unused(SCHEMA, used) == tuple(left)


def test_what_compiles_is_shown_with_its_paths() -> None:
    definition = definition_of({"first": "name"}, name="x", enabled=True)
    assert shown(definition, verbose=True) == textwrap.dedent(
        """\
        x.json: the mapping compiles
          reads  name
          gives  first
          unused, which a pipeline refuses:
            of inSchema  age
            of outSchema  second
          ignored members of the file  name, enabled"""
    )


def test_what_another_part_of_the_pipeline_uses_is_used() -> None:
    definition = definition_of(
        {"first": "name"}, userIDColumn="age", matching={"in": "age", "out": "second"}
    )
    assert shown(definition) == "x.json: the mapping compiles\n  reads  name\n  gives  first"


def test_mistakes_are_shown_with_the_expression_and_a_caret() -> None:
    definition = definition_of({"first": "lower(\n  nam)", "second": "lower(age) 'x", "third": "1"})
    assert shown(definition) == textwrap.dedent(
        """\
        x.json, line 1, the expression of first
          E421: property «nam» does not exist
          2 |   nam)
                ^^^
          hint: did you mean «name»?

        x.json, line 1, the expression of second
          E403: the string that begins here has no end
          lower(age) 'x
                     ^
          hint: end it with `'`; inside a string the quote is
          written `\\'`

        x.json, line 1, the expression of third
          E442: the output path «third» does not exist: «third» does
          not exist in the schema

        x.json: 3 mistakes"""
    )


def test_what_was_found_is_written_for_programs() -> None:
    definition = definition_of({"first": "nam"})
    assert checked_members(definition, checked(definition)) == {
        "compiles": False,
        "diagnostics": [
            {
                "code": "E421",
                "message": "property «nam» does not exist",
                "pointer": "/transformation/mapping/first",
                "path": "first",
                "source": {"line": 1, "column": 1, "text": "nam"},
                "hint": "did you mean «name»?",
            }
        ],
        "inPaths": (),
        "outPaths": (),
        "unusedInPaths": (),
        "unusedOutPaths": (),
        "ignoredMembers": (),
    }


def test_paths_of_a_function_are_judged_without_its_code() -> None:
    definition = definition_of({"first": "name"})
    function = {
        "language": "JavaScript",
        "source": "?",
        "inPaths": ["name", "nam"],
        "outPaths": ["first"],
    }
    text = json.dumps(
        {
            "inSchema": json.loads(IN),
            "outSchema": json.loads(definition.transformation.out_schema),
            "transformation": {"function": function},
        }
    )
    (mistake,) = checked(parse_definition("x.json", text)).mistakes
    assert (mistake.where, mistake.code, mistake.pointer) == (
        "x.json, `inPaths` of the JavaScript function",
        "U501",
        "/transformation/function/inPaths/1",
    )


def test_a_mapping_starts_no_guest() -> None:
    told: list[str] = []
    with Engines(Limits(), told.append) as engines:
        compile_definition("x.json", definition_of({"first": "name"}), engines)
    assert told == []
