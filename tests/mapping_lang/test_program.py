"""The tables of the mapping specification, each row on both paths."""

import gc
import weakref

import pytest

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import IntType, JsonType, ObjectType, Property, StringType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record, Value
from tests.mapping_lang.mappings import applied, compiled, one_output, schema_of, type_of

TEXTS = (
    "first string, last string, j json, b boolean, i int, f float, d decimal, dt datetime, t time"
)
JSON = "j json, m map(int), o {x string}, s string"
J = '{"j":{"a":null,"n":5,"o":{"k":1}},"m":{"k":1},"o":null}'
LOGIC = "a boolean, b boolean, i int8, s string, j json"
EQUAL = "f float, i int, s string, dt datetime, da date, j json, d decimal, x string"
MEASURE = (
    "s string, b boolean, i int, f float, d decimal, dt datetime, da date, ti time, u uuid, ip ip, "
    "j json, a array(int), o {x string, y string}, m map(int)"
)
ENCODE = "x string, da date, ti time, f float, n int64, a array(date)"
MEMBER, ARGUMENT = Code.APPLY_JSON_MEMBER, Code.APPLY_ARGUMENT

# rule, schema, expression, wanted, record, JSON of the value or code of the rejection
ROWS: list[tuple[str, str, str, str, str, str | Code]] = [
    # Concatenation
    ("MAP-17", TEXTS, "'a' 5", "string", "{}", '"a5"'),
    ("MAP-17", TEXTS, "5 6", "string", "{}", '"56"'),
    ("MAP-17", TEXTS, "true false", "string", "{}", '"truefalse"'),
    ("MAP-18", TEXTS, "5 6", "int", "{}", "56"),
    ("MAP-19", TEXTS, "first ' ' last", "string", '{"first":"Ada","last":"L"}', '"Ada L"'),
    ("MAP-19", TEXTS, "first ' ' last", "string", '{"last":"L"}', '" L"'),
    ("MAP-19", TEXTS, "'n=' j.n", "string", '{"j":{"n":5}}', '"n=5"'),
    ("MAP-19", TEXTS, "'n=' j.z", "string", '{"j":{"n":5}}', '"n="'),
    ("MAP-19", TEXTS, "'n=' j.n", "string", '{"j":{"n":null}}', '"n=null"'),
    ("MAP-19", TEXTS, "'n=' j.n", "string", '{"j":{"n":"x"}}', '"n=x"'),
    ("MAP-19", TEXTS, "'n=' j.n", "string", '{"j":{"n":[1]}}', Code.APPLY_NO_TEXT),
    ("MAP-19", TEXTS, "'' first", "string", "{}", '""'),
    ("MAP-19", TEXTS, "'' i f d", "string", '{"i":-5,"f":1e6,"d":1.50}', '"-51e+061.5"'),
    ("MAP-19", TEXTS, "'' dt", "string", '{"dt":"2024-02-03T04:05:06.78Z"}', '"2024-02-03T04:05:06.78Z"'),
    ("MAP-19", TEXTS, "'' t", "string", '{"t":"10:00:00.5"}', '"10:00:00.5"'),
    ("DEC-11", TEXTS, "'<' b '>'", "string", '{"b":true}', '"<true>"'),
    ("MAP-D2", TEXTS, "null 'a'", "string", "{}", '"a"'),
    ("MAP-D2", TEXTS, "null null", "string", "{}", '""'),
    ("MAP-D4", TEXTS, "'a' 1e3", "string", "{}", '"a1000"'),
    ("MAP-D4", TEXTS, "1e3 'a'", "string", "{}", '"1000a"'),
    # Paths
    ("MAP-22", JSON, "j.o.k", "json", J, "1"),
    ("MAP-22", JSON, "j.zz", "json", J, "null"),
    ("MAP-22", JSON, "j.zz.k", "json", J, "null"),
    ("MAP-23", JSON, "j.n.k", "json", J, MEMBER),
    ("MAP-23", JSON, "j.n.k?", "json", J, "null"),
    ("MAP-23", JSON, "j.n?.k", "json", J, MEMBER),
    ("MAP-23", JSON, "j.a.k", "json", J, MEMBER),
    ("MAP-23", JSON, "j.a.k?", "json", J, "null"),
    ("MAP-23", JSON, 'j["n"]["k"]?', "json", J, "null"),
    ("MAP-22", JSON, "m.k", "int", J, "1"),
    ("MAP-22", JSON, 'm["zz"]', "int", J, "null"),
    ("MAP-D5", JSON, "o.x", "string", '{"o":null,"s":"no"}', "null"),
    ("MAP-13", "true string", ".true", "string", '{"true":"yes"}', '"yes"'),
    # Logic
    *[
        ("MAP-51", LOGIC, f"{function}(a, b)", "boolean", f'{{"a":{a},"b":{b}}}', result)
        for function, table in (
            (
                "and",
                ("true null null;false null false;null false false;null true null;null null null;"
                "true true true;true false false"),
            ),
            (
                "or",
                ("true null true;false null null;null false null;null true true;null null null;"
                "false false false;false true true"),
            ),
        )
        for a, b, result in (row.split() for row in table.split(";"))
    ],
    ("MAP-35", LOGIC, "and(a, j.x.y)", "boolean", '{"a":false,"j":5}', "false"),
    ("MAP-35", LOGIC, "and(a, j.x.y)", "boolean", '{"a":null,"j":5}', MEMBER),
    ("MAP-36", LOGIC, "or(a, j.x.y)", "boolean", '{"a":true,"j":5}', "true"),
    ("MAP-37", LOGIC, "not(a)", "boolean", '{"a":null}', "null"),
    ("MAP-38", LOGIC, "if(a, 'x', j.x.y)", "string", '{"a":true,"j":5}', '"x"'),
    ("MAP-38", LOGIC, "if(a, 'x', j.x.y)", "string", '{"a":null,"j":5}', MEMBER),
    ("MAP-38", LOGIC, "if(a, 'x')", "string", '{"a":null}', "null"),
    ("MAP-39", LOGIC, "coalesce(s, j.x.y)", "string", '{"s":"","j":5}', '""'),
    ("MAP-39", LOGIC, "coalesce(j, s)", "json", '{"j":null,"s":"x"}', "null"),
    ("MAP-39", LOGIC, "coalesce(i, s)", "int", '{"i":null,"s":"12"}', "12"),
    ("MAP-39", LOGIC, "coalesce(if(a, i, s), j.x.y)", "string", '{"a":true,"i":5,"j":5}', '"5"'),
    ("MAP-39", LOGIC, "coalesce(if(a, i, s), 'n')", "string", '{"a":false,"i":5}', '"n"'),
    ("MAP-52", LOGIC, "not(i)", "boolean", '{"i":-1}', "false"),
    ("MAP-52", LOGIC, "not(s)", "boolean", '{"s":""}', "null"),
    ("MAP-52", LOGIC, "not(s)", "boolean", '{"s":"t"}', ARGUMENT),
    ("MAP-52", LOGIC, "not(j)", "boolean", '{"j":null}', "null"),
    ("MAP-52", LOGIC, "not(j)", "boolean", '{"j":1}', ARGUMENT),
    ("MAP-31", LOGIC, "not(a)", "datetime", '{"a":true}', Code.VALUE_TYPE),
    ("MAP-31", LOGIC, "lower(s)", "array(string)", '{"s":"x"}', Code.VALUE_TYPE),
    # Equality
    ("MAP-54", EQUAL, "eq(f, 5)", "boolean", '{"f":4.6}', "true"),
    ("MAP-54", EQUAL, "eq(5, f)", "boolean", '{"f":4.6}', "false"),
    ("MAP-54", EQUAL, "eq('05', i)", "boolean", '{"i":5}', "true"),
    ("MAP-54", EQUAL, "eq(i, '05')", "boolean", '{"i":5}', "false"),
    ("MAP-54", EQUAL, "eq(dt, da)", "boolean", '{"dt":"2024-02-03T04:05Z","da":"2024-02-03"}', "true"),
    ("MAP-54", EQUAL, "eq(s, 5)", "boolean", '{"s":""}', "false"),
    ("MAP-54", EQUAL, "ne(s, 5)", "boolean", '{"s":""}', "true"),
    ("MAP-54", EQUAL, "eq(x, null)", "boolean", '{"x":"a"}', "null"),
    ("MAP-54", EQUAL, "eq(j.a, j.a)", "boolean", '{"j":{"a":null}}', "true"),
    ("MAP-54", EQUAL, "eq(d, 12.5)", "boolean", '{"d":12.50}', "true"),
    ("MAP-53", EQUAL, "eq(s, j.a.b)", "boolean", '{"s":null,"j":{"a":5}}', "null"),
    ("MAP-53", EQUAL, "eq(s, j.a.b)", "boolean", '{"s":"x","j":{"a":5}}', MEMBER),
    ("MAP-53", EQUAL, "eq(coalesce(i, s), 5)", "boolean", '{"i":null,"s":"5"}', "true"),
    # Length
    ("MAP-55", MEASURE, "len(s)", "int", '{"s":"naïve😀"}', "6"),
    ("MAP-55", MEASURE, "len(b)", "int", '{"b":false}', "5"),
    ("MAP-55", MEASURE, "len(i)", "int", '{"i":-12}', "3"),
    ("MAP-55", MEASURE, "len(f)", "int", '{"f":1e6}', "5"),
    ("MAP-55", MEASURE, "len(d)", "int", '{"d":1.50}', "3"),
    ("MAP-55", MEASURE, "len(dt)", "int", '{"dt":"2024-01-02T03:04:05.5Z"}', "20"),
    ("MAP-55", MEASURE, "len(da)", "int", '{"da":"2024-01-02"}', "10"),
    ("MAP-55", MEASURE, "len(ti)", "int", '{"ti":"10:00:00.5"}', "10"),
    ("MAP-55", MEASURE, "len(ip)", "int", '{"ip":"::1"}', "3"),
    ("MAP-55", MEASURE, "len(u)", "int", '{"u":"3f2504e0-4f89-41d3-9a0c-0305e82c3301"}', "36"),
    ("MAP-55", MEASURE, "len(a)", "int", '{"a":[1,2]}', "2"),
    ("MAP-55", MEASURE, "len(o)", "int", '{"o":{"x":"1"}}', "1"),
    ("MAP-55", MEASURE, "len(m)", "int", '{"m":{"a":1,"b":2}}', "2"),
    ("MAP-55", MEASURE, "len(j)", "int", '{"j":" [1, 2, 3]"}', "10"),
    ("MAP-55", MEASURE, "len(j)", "int", '{"j":[1, 2, 3]}', "3"),
    ("MAP-55", MEASURE, "len(j)", "int", '{"j":-1.50}', "5"),
    ("MAP-55", MEASURE, "len(j)", "int", '{"j":null}', "0"),
    ("MAP-55", MEASURE, "len(s)", "int", "{}", "0"),
    ("MAP-D6", MEASURE, "len(coalesce(dt))", "int", '{"dt":"2024-01-02"}', "20"),
    # Substring
    ("MAP-57", MEASURE, "substring(s, f)", "string", '{"s":"abc","f":1.6}', '"bc"'),
    ("MAP-57", MEASURE, "substring(s, 1, 5)", "string", '{"s":""}', '""'),
    ("MAP-57", MEASURE, "substring(s, i, i)", "string", '{"s":"abc","i":2}', '"bc"'),
    ("MAP-57", MEASURE, "substring(s, 2, i)", "string", '{"s":"abc","i":-1}', Code.APPLY_NEGATIVE_LENGTH),
    ("MAP-57", MEASURE, "substring(s, 2, i)", "string", '{"s":null,"i":-1}', "null"),
    ("MAP-57", MEASURE, "substring(s, f)", "string", '{"s":"abc","f":1e10}', ARGUMENT),
    # JSON values
    ("MAP-58", ENCODE, "array(x, n)", "json", '{"x":"a","n":"9007199254740993"}', '["a",9007199254740993]'),
    ("MAP-D7", ENCODE, "array(da)", "array(date)", '{"da":"2024-01-02"}', '["2024-01-02"]'),
    ("MAP-D7", ENCODE, "array(ti)", "array(time)", '{"ti":"10:00:00"}', '["10:00:00"]'),
    ("MAP-D8", ENCODE, "array(f)", "json", '{"f":"NaN"}', Code.VALUE_TYPE),
    ("MAP-58", ENCODE, "array(a)", "json", '{"a":["2024-01-02"]}', '[["2024-01-02"]]'),
    ("MAP-59", ENCODE, "map('a', x '')", "json", "{}", '{"a":""}'),
    ("MAP-59", ENCODE, "map('a', x)", "json", "{}", "{}"),
    ("MAP-59", ENCODE, "map('a' 'b', 1)", "json", "{}", '{"ab":1}'),
    ("MAP-59", ENCODE, "map()", "json", "{}", "{}"),
    ("MAP-59", ENCODE, "map('a', null)", "map(string)", "{}", Code.VALUE_NULL),
    ("MAP-47", ENCODE, "array(x)", "array(string)", "{}", Code.VALUE_NULL),
    ("MAP-60", ENCODE, "json_parse(x)", "string", '{"x":"null"}', "null"),
    ("MAP-60", ENCODE, "json_parse(x)", "json", '{"x":"{\\"a\\":1,\\"a\\":2}"}', Code.APPLY_JSON_TEXT),
    ("MAP-60", ENCODE, "json_parse(x)", "json", '{"x":""}', Code.APPLY_JSON_TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "schema", "expression", "wanted", "record", "expected"), ROWS)
def test_an_expression_gives(
    rule: str, schema: str, expression: str, wanted: str, record: str, expected: str | Code
) -> None:
    in_schema = schema_of(schema)
    program = compiled({"out": expression}, in_schema, one_output(type_of(wanted)))
    result = applied(program, in_schema, record, Purpose.IMPORT)
    if isinstance(result, Rejection):
        assert result.code == expected, f"{rule}: {result.message}"
        assert result.path == "out"
    else:
        assert result == f'{{"out":{expected}}}', rule


PEOPLE = schema_of("email string, age int, tags array(string), traits json, addr {city string}")
OUT = ObjectType(
    (
        Property("mail", StringType(), create_required=True),
        Property("years", IntType(8)),
        Property("label", StringType(), nullable=True),
        Property("t", type_of("array(json)")),
        Property("o", ObjectType((Property("x", StringType()),))),
    )
)
CREATE, UPDATE, IMPORT = Purpose.CREATE, Purpose.UPDATE, Purpose.IMPORT
EXAMPLES: list[tuple[dict[str, str], str, Purpose, str | Code]] = [
    ({"mail": "lower(trim(email))"}, '{"email":" A@B.C "}', CREATE, '{"mail":"a@b.c"}'),
    ({"mail": "email"}, "{}", CREATE, Code.APPLY_REQUIRED),
    ({"mail": "email"}, "{}", UPDATE, "{}"),
    ({"years": "age"}, '{"age":200}', IMPORT, Code.VALUE_MAXIMUM),
    ({"label": "if(eq(traits.plan, 'pro'), 'Pro', null)"}, '{"traits":{"plan":"free"}}', IMPORT, '{"label":null}'),
    ({"label": "if(traits.vip, 'v')"}, '{"traits":{"vip":1}}', IMPORT, ARGUMENT),
    ({"label": "traits.a.b"}, '{"traits":{"a":5}}', IMPORT, MEMBER),
    ({"label": "traits.a.b?"}, '{"traits":{"a":5}}', IMPORT, '{"label":null}'),
    ({"t": "array(age, tags, null)"}, '{"age":3,"tags":["x"]}', IMPORT, '{"t":[3,["x"],null]}'),
    ({"o.x": "addr.city"}, '{"addr":{"city":null}}', IMPORT, "{}"),
    ({"o.x": "'#' addr.city"}, '{"addr":{"city":null}}', IMPORT, '{"o":{"x":"#"}}'),
    ({"o": "traits"}, '{"traits":{"x":5,"zz":1}}', IMPORT, '{"o":{"x":"5"}}'),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "record", "purpose", "expected"), EXAMPLES)
def test_the_end_to_end_examples_hold(
    mapping: dict[str, str], record: str, purpose: Purpose, expected: str | Code
) -> None:
    result = applied(compiled(mapping, PEOPLE, OUT), PEOPLE, record, purpose)
    assert (result.code if isinstance(result, Rejection) else result) == expected


FLAGS = ["nullable", "plain", "create", "update"]


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("flag", FLAGS)
def test_a_final_null_is_stored_omitted_or_refused(flag: str, purpose: Purpose) -> None:
    """MAP-64, cell by cell."""
    item = Property(
        "out",
        StringType(),
        nullable=flag == "nullable",
        create_required=flag == "create",
        update_required=flag == "update",
    )
    schema = schema_of("s string")
    result = applied(compiled({"out": "s"}, schema, ObjectType((item,))), schema, "{}", purpose)
    if flag == "nullable":
        assert result == '{"out":null}'
    elif flag == purpose.value:
        assert isinstance(result, Rejection)
        assert result.code is Code.APPLY_REQUIRED
        assert result.step is Step.VALIDATE_OUTPUT
    else:
        assert result == "{}"


def test_the_first_output_that_fails_decides() -> None:
    schema = schema_of("s string, j json")
    out = ObjectType((Property("b", IntType(8)), Property("a", JsonType())))
    program = compiled({"b": "s", "a": "j.x.y"}, schema, out)
    result = applied(program, schema, '{"s":"no","j":5}', IMPORT)
    assert isinstance(result, Rejection)
    assert (result.path, result.code, result.step) == ("a", MEMBER, Step.TRANSFORM)


def test_a_rejection_points_into_its_expression() -> None:
    schema = schema_of("s string")
    program = compiled({"out": "'a'\n  not(s)"}, schema, one_output(StringType()))
    result = applied(program, schema, '{"s":"perhaps"}', IMPORT)
    assert isinstance(result, Rejection)
    assert (result.line, result.column) == (2, 7)
    assert "`not`" in result.message


def test_each_record_has_its_own_purpose() -> None:
    schema = schema_of("s string")
    out = ObjectType((Property("out", StringType(), create_required=True),))
    program = compiled({"out": "s"}, schema, out)
    records: list[Record] = [{}, {"s": "x"}, {}]
    purposes = [UPDATE, CREATE, CREATE]
    by_record = program.apply_records(records, purposes)
    by_column = program.apply(Batch.from_records(schema, records), purposes)
    assert by_record.records == by_column.batch.to_records() == [{}, {"out": "x"}]
    assert by_record.rejections == by_column.rejections
    assert [item.position for item in by_record.rejections] == [2]


def test_paths_are_derived_sorted_and_whole() -> None:
    schema = schema_of("z string, j json, m map({k string}), o {x string}")
    out = ObjectType((Property("b", StringType()), Property("a", StringType())))
    program = compiled({"b": "z j.q.r m.any.k", "a": "if(true, o.x, z)"}, schema, out)
    assert program.in_paths == (("j",), ("m", "k"), ("o", "x"), ("z",))
    assert program.out_paths == (("a",), ("b",))


def test_a_program_holds_no_batch() -> None:
    schema = schema_of("s string")
    program = compiled({"out": "upper(s)"}, schema, one_output(StringType()))

    class Tracked(dict[str, Value | None]):
        """A record that can be watched."""

    record = Tracked(s="x")
    watch = weakref.ref(record)
    assert program.apply_records([record], IMPORT).records == [{"out": "X"}]
    del record
    gc.collect()
    assert watch() is None
