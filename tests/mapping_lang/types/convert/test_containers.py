from decimal import Decimal

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.errors import PathStep
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import JSON_NULL, Json, Value
from tests.mapping_lang.types.convert.outcomes import expected, outcome, refusal

STRING = StringType()
JSON = JsonType()
INT = IntType(32)
FLOAT = FloatType(64)
STRINGS = ArrayType(STRING)
INTS = ArrayType(INT)
NULLABLE = ObjectType((Property("a", STRING, nullable=True), Property("b", INT, nullable=True)))


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (["1", "2"], STRINGS, INTS, [1, 2]),
        ([], STRINGS, INTS, []),
        (["1", ""], STRINGS, INTS, Code.VALUE_TYPE),
        (["1", "x"], STRINGS, ArrayType(BooleanType()), Code.VALUE_TYPE),
        (["300"], STRINGS, ArrayType(IntType(8)), Code.VALUE_MAXIMUM),
        ([["1"]], ArrayType(STRINGS), ArrayType(INTS), [[1]]),
        (["", ""], STRINGS, ArrayType(STRING, min_elements=1), ["", ""]),
        ([], STRINGS, ArrayType(STRING, min_elements=1), Code.VALUE_ELEMENTS),
        (["1", "2"], STRINGS, ArrayType(INT, max_elements=1), Code.VALUE_ELEMENTS),
        # The number of elements is looked at before the elements.
        (["x", "y"], STRINGS, ArrayType(INT, max_elements=1), Code.VALUE_ELEMENTS),
        # Elements have to be unique as what they become (DEC-14).
        (["1", "2"], STRINGS, ArrayType(INT, unique=True), [1, 2]),
        (["1", "01"], STRINGS, ArrayType(INT, unique=True), Code.VALUE_REPEATED),
        (["1", "01"], STRINGS, ArrayType(STRING, unique=True), ["1", "01"]),
        (["1", "1"], STRINGS, ArrayType(STRING, unique=True), Code.VALUE_REPEATED),
        (
            [1.2, 1.4],
            ArrayType(FLOAT, unique=True),
            ArrayType(INT, unique=True),
            Code.VALUE_REPEATED,
        ),
        (
            ["1.50", "1.5"],
            STRINGS,
            ArrayType(DecimalType(5, 2), unique=True),
            Code.VALUE_REPEATED,
        ),
        (["nan", "nan"], STRINGS, ArrayType(FLOAT, unique=True), [float("nan")] * 2),
        ([Json("1"), JSON_NULL], ArrayType(JSON), ArrayType(STRING), Code.VALUE_NULL),
        ([Json("1"), JSON_NULL], ArrayType(JSON), ArrayType(JSON, 1), [Json("1"), JSON_NULL]),
        (["a"], STRINGS, ArrayType(JSON), [Json('"a"')]),
    ],
)
def test_an_array_converts_element_by_element(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == expected(result)


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ("[1.0,2]", INTS, [1, 2]),
        (' [ "a" , 1 , true ] ', STRINGS, ["a", "1", "true"]),
        ("[]", INTS, []),
        ("6", STRINGS, ["6"]),
        ('""', STRINGS, [""]),
        ("true", ArrayType(BooleanType(), unique=True), [True]),
        ("6", ArrayType(JSON), [Json("6")]),
        ("6", ArrayType(STRING, min_elements=2), Code.VALUE_ELEMENTS),
        ("6", ArrayType(STRING, max_elements=0), Code.VALUE_ELEMENTS),
        ('"x"', INTS, Code.VALUE_TYPE),
        ('{"k":1}', STRINGS, Code.VALUE_TYPE),
        ('{"k":1}', ArrayType(JSON), Code.VALUE_TYPE),
        ("[1,null]", INTS, Code.VALUE_NULL),
        ("[1,null]", ArrayType(JSON), [Json("1"), JSON_NULL]),
        ("[1, 1]", ArrayType(INT, unique=True), Code.VALUE_REPEATED),
        ("[1,2]", ArrayType(INT, max_elements=1), Code.VALUE_ELEMENTS),
        ("[[1],2]", ArrayType(INTS), [[1], [2]]),
        ("null", INTS, None),
        ("[300]", ArrayType(IntType(8)), Code.VALUE_MAXIMUM),
    ],
)
def test_a_json_array_converts_and_a_scalar_is_the_array_of_itself(
    text: str, target: Type, result: object
) -> None:
    assert outcome(Json(text), JSON, target) == expected(result)


@pytest.mark.parametrize(
    ("value", "target", "result"),
    [
        ({"a": "x", "b": 5}, ObjectType((Property("b", STRING),)), {"b": "5"}),
        ({"a": "x"}, ObjectType((Property("a", STRING), Property("b", FLOAT))), {"a": "x"}),
        ({}, ObjectType((Property("a", STRING),)), {}),
        ({"a": None}, ObjectType((Property("a", STRING, nullable=True),)), {"a": None}),
        ({"a": None}, ObjectType((Property("a", STRING),)), Code.VALUE_NULL),
        ({"a": None}, ObjectType((Property("a", JSON),)), Code.VALUE_NULL),
        ({"a": None}, ObjectType((Property("a", JSON, nullable=True),)), {"a": None}),
        ({"a": ""}, ObjectType((Property("a", INT, nullable=True),)), {"a": None}),
        ({"a": ""}, ObjectType((Property("a", INT),)), Code.VALUE_TYPE),
        ({"b": 300}, ObjectType((Property("b", IntType(8)),)), Code.VALUE_MAXIMUM),
        # from an object to a map: null is allowed (MAP-111)
        ({"a": "1", "b": None}, MapType(STRING), {"a": "1", "b": None}),
        ({"a": "1", "b": None}, MapType(JSON), {"a": Json('"1"'), "b": None}),
        ({"a": "", "b": 5}, MapType(INT), {"a": None, "b": 5}),
        ({"a": "x"}, MapType(INT), Code.VALUE_TYPE),
    ],
)
def test_an_object_converts_member_by_member(value: Value, target: Type, result: object) -> None:
    assert outcome(value, NULLABLE, target) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (
            {"x": True, "z": False},
            MapType(BooleanType()),
            ObjectType((Property("x", STRING), Property("y", BooleanType()))),
            {"x": "true"},
        ),
        ({"x": ""}, MapType(STRING), ObjectType((Property("x", INT, nullable=True),)), {"x": None}),
        ({"x": ""}, MapType(STRING), ObjectType((Property("x", INT),)), Code.VALUE_TYPE),
        ({"": "1", "b": "2"}, MapType(STRING), MapType(INT), {"": 1, "b": 2}),
        ({"b": ""}, MapType(STRING), MapType(INT), Code.VALUE_TYPE),
        ({"b": JSON_NULL}, MapType(JSON), MapType(INT), Code.VALUE_NULL),
        ({"b": [1]}, MapType(INTS), MapType(STRINGS), {"b": ["1"]}),
    ],
)
def test_a_map_converts_value_by_value(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == expected(result)


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ('{"a":1,"b":"5","c":[]}', ObjectType((Property("b", STRING),)), {"b": "5"}),
        (
            '{"qty":5.0,"note":null,"x y":1}',
            ObjectType((Property("qty", INT), Property("note", STRING, nullable=True))),
            {"qty": 5, "note": None},
        ),
        ('{"note":null}', ObjectType((Property("note", STRING),)), Code.VALUE_NULL),
        ('{"note":null}', ObjectType((Property("note", JSON),)), {"note": JSON_NULL}),
        (
            '{"note":null}',
            ObjectType((Property("note", JSON, nullable=True),)),
            {"note": JSON_NULL},
        ),
        ("{}", ObjectType((Property("a", INT),)), {}),
        ("[]", ObjectType((Property("a", INT),)), Code.VALUE_TYPE),
        ("5", ObjectType((Property("a", INT),)), Code.VALUE_TYPE),
        ("null", ObjectType((Property("a", INT),)), None),
        (' {"a" : 1} ', MapType(STRING), {"a": "1"}),
        ('{"a":null}', MapType(STRING), Code.VALUE_NULL),
        ('{"a":null}', MapType(JSON), {"a": JSON_NULL}),
        ("[]", MapType(STRING), Code.VALUE_TYPE),
        ("null", MapType(STRING), None),
    ],
)
def test_a_json_object_converts_to_an_object_or_a_map(
    text: str, target: Type, result: object
) -> None:
    assert outcome(Json(text), JSON, target) == expected(result)


REQUIRED = ObjectType(
    (Property("c", INT, create_required=True), Property("u", INT, update_required=True))
)


@pytest.mark.parametrize(
    ("text", "purpose", "result"),
    [
        ("{}", Purpose.IMPORT, {}),
        ("{}", Purpose.CREATE, Code.VALUE_MISSING),
        ("{}", Purpose.UPDATE, Code.VALUE_MISSING),
        ('{"c":1}', Purpose.CREATE, {"c": 1}),
        ('{"c":1}', Purpose.UPDATE, Code.VALUE_MISSING),
        ('{"u":1}', Purpose.UPDATE, {"u": 1}),
    ],
)
def test_an_object_has_what_its_purpose_requires(
    text: str, purpose: Purpose, result: object
) -> None:
    assert outcome(Json(text), JSON, REQUIRED, purpose=purpose) == expected(result)
    whole = ObjectType((Property("o", ArrayType(REQUIRED)),))
    nested = result if isinstance(result, Code) else {"o": [result]}
    value = Json(f'{{"o":[{text}]}}')
    assert outcome(value, JSON, whole, purpose=purpose) == expected(nested)


def test_null_counts_as_present() -> None:
    target = ObjectType((Property("c", INT, create_required=True, nullable=True),))
    assert outcome(Json('{"c":null}'), JSON, target, purpose=Purpose.CREATE) == {"c": None}


def test_an_object_of_the_same_type_is_not_asked_for_what_is_required() -> None:
    assert convert({}, REQUIRED, REQUIRED, purpose=Purpose.CREATE) == {}


@pytest.mark.parametrize(
    ("value", "source", "target", "path", "message"),
    [
        (
            [["1"], ["2", "x"]],
            ArrayType(STRINGS),
            ArrayType(INTS),
            (1, 1),
            "«x» is not an integer",
        ),
        (
            {"a": "x"},
            NULLABLE,
            MapType(INT),
            ("a",),
            "«x» is not an integer",
        ),
        ({"k k": "x"}, MapType(STRING), MapType(INT), ("k k",), "«x» is not an integer"),
        (
            Json('{"o":{"l":[1,null]}}'),
            JSON,
            ObjectType((Property("o", ObjectType((Property("l", INTS),))),)),
            ("o", "l", 1),
            "found null, expected int(32)",
        ),
        (
            Json('{"o":{}}'),
            JSON,
            MapType(REQUIRED),
            ("o", "c"),
            "the property «c» is missing, it is required to create",
        ),
        (
            Json("[1,2,1]"),
            JSON,
            ArrayType(INT, unique=True),
            (2,),
            "the elements 0 and 2 are equal, they have to differ",
        ),
        (
            [1],
            INTS,
            ObjectType((Property("a", INT),)),
            (),
            "an array of 1 element is not convertible to object",
        ),
        (
            {"a": 1, "b": 2},
            MapType(INT),
            INT,
            (),
            "a map or object of 2 elements is not convertible to int(32)",
        ),
    ],
)
def test_a_refusal_inside_says_where(
    value: Value, source: Type, target: Type, path: tuple[PathStep, ...], message: str
) -> None:
    error = refusal(value, source, target, purpose=Purpose.CREATE)
    assert (error.path, error.message) == (path, message)


def test_what_is_given_stays_as_it_is() -> None:
    value: Value = {"a": [{"x": "1", "y": "2"}], "b": {"k": Decimal(1)}}
    source = ObjectType(
        (
            Property("a", ArrayType(MapType(STRING))),
            Property("b", MapType(DecimalType(5, 2))),
        )
    )
    target = ObjectType(
        (
            Property("a", ArrayType(ObjectType((Property("x", INT),)))),
            Property("b", MapType(INT)),
        )
    )
    assert convert(value, source, target) == {"a": [{"x": 1}], "b": {"k": 1}}
    assert value == {"a": [{"x": "1", "y": "2"}], "b": {"k": Decimal(1)}}
