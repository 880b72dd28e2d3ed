from datetime import UTC, date, datetime, time

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
)
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Json, Value
from tests.mapping_lang.types.convert.outcomes import outcome

STRING = StringType()
JSON = JsonType()
DATETIME = DatetimeType()
DATE = DateType()
TIME = TimeType()


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "from_string", "from_json"),
    [
        ("2024-01-02T03:04:05Z", utc(2024, 1, 2, 3, 4, 5), utc(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02", Code.VALUE_FORM, utc(2024, 1, 2)),
        ("2024-01-02 03:04:05", Code.VALUE_FORM, utc(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02T03:04:05,5Z", utc(2024, 1, 2, 3, 4, 5, 500_000), Code.VALUE_FORM),
        ("2024-01-02T03:04:05-00:00", utc(2024, 1, 2, 3, 4, 5), Code.VALUE_FORM),
        ("2024-01-02T03:04:05+24:00", Code.VALUE_FORM, Code.VALUE_FORM),
        ("0001-01-01T00:00:00+05:00", Code.VALUE_YEAR, Code.VALUE_YEAR),
        ("9999-12-31T23:59:59.999999999Z",) + (utc(9999, 12, 31, 23, 59, 59, 999_999),) * 2,
        ("nonsense", Code.VALUE_FORM, Code.VALUE_FORM),
    ],
)
def test_strings_are_read_strictly_and_json_leniently(
    text: str, from_string: object, from_json: object
) -> None:
    assert outcome(text, STRING, DATETIME) == from_string
    assert outcome(Json(f'"{text}"'), JSON, DATETIME) == from_json


@pytest.mark.parametrize(
    ("text", "from_string", "from_json"),
    [
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2023-02-29", Code.VALUE_FORM, Code.VALUE_FORM),
        ("02/29/2024", date(2024, 2, 29), Code.VALUE_FORM),
        ("02.29.2024", date(2024, 2, 29), Code.VALUE_FORM),
        ("29/02/2024", Code.VALUE_FORM, Code.VALUE_FORM),
        ("45000", date(2023, 3, 15), Code.VALUE_FORM),
        ("0000-01-01", Code.VALUE_YEAR, Code.VALUE_YEAR),
        ("2024-02-29T00:00:00Z", Code.VALUE_FORM, Code.VALUE_FORM),
    ],
)
def test_only_strings_can_be_dates_of_several_shapes(
    text: str, from_string: object, from_json: object
) -> None:
    assert outcome(text, STRING, DATE) == from_string
    assert outcome(Json(f'"{text}"'), JSON, DATE) == from_json


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("09:01:57", time(9, 1, 57)),
        ("09:01:57.5+02:00", time(9, 1, 57, 500_000)),
        ("09:01:57garbage", time(9, 1, 57)),
        ("09:01", Code.VALUE_FORM),
        ("24:00:00", Code.VALUE_FORM),
    ],
)
def test_times_are_read_leniently(text: str, result: object) -> None:
    assert outcome(text, STRING, TIME) == result
    assert outcome(Json(f'"{text}"'), JSON, TIME) == result


@pytest.mark.parametrize("target", [DATETIME, DATE, TIME])
@pytest.mark.parametrize("text", ["1", "true", "[]", "{}"])
def test_only_json_strings_are_moments(target: Type, text: str) -> None:
    assert outcome(Json(text), JSON, target) is Code.VALUE_TYPE


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (utc(2024, 2, 3, 4, 5, 6, 7), DATETIME, DATE, date(2024, 2, 3)),
        (utc(9999, 12, 31, 23, 59, 59, 999_999), DATETIME, TIME, time(23, 59, 59, 999_999)),
        (utc(1, 1, 1), DATETIME, TIME, time()),
        (date(1, 1, 1), DATE, DATETIME, utc(1, 1, 1)),
        (date(9999, 12, 31), DATE, DATETIME, utc(9999, 12, 31)),
        (time(1, 2, 3), TIME, DATE, Code.VALUE_TYPE),
        (date(1, 1, 1), DATE, TIME, Code.VALUE_TYPE),
    ],
)
def test_moments_lose_or_gain_their_other_half(
    value: Value, source: Type, target: Type, result: object
) -> None:
    found = outcome(value, source, target)
    assert (type(found), found) == (type(result), result)


LAYOUTS = Layouts("unix", "02.01.2006", "15h04")
MOMENT = utc(2023, 4, 5, 6, 7, 8)
DAY = date(2023, 4, 5)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (MOMENT, DATETIME, DATETIME, 1680674828),
        (DAY, DATE, DATE, "05.04.2023"),
        (DAY, DATE, DATETIME, 1680652800),
        (MOMENT, DATETIME, DATE, "05.04.2023"),
        (MOMENT, DATETIME, TIME, "06h07"),
        ("2023-04-05", STRING, DATE, "05.04.2023"),
        (None, DATE, DATE, None),
        ("", STRING, DATE, None),
        ("x", STRING, DATE, Code.VALUE_FORM),
        # text and JSON are not for the destination to read as moments
        (MOMENT, DATETIME, STRING, "2023-04-05T06:07:08Z"),
        (MOMENT, DATETIME, JSON, Json('"2023-04-05T06:07:08Z"')),
        # at every depth, whether the types are equal or not (MAP-D13)
        ([DAY], ArrayType(DATE), ArrayType(DATE), ["05.04.2023"]),
        (["2023-04-05"], ArrayType(STRING), ArrayType(DATE), ["05.04.2023"]),
        ({"k": [DAY]}, MapType(ArrayType(DATE)), MapType(ArrayType(DATE)), {"k": ["05.04.2023"]}),
        (Json('{"k":"06:07:08"}'), JSON, MapType(TIME), {"k": "06h07"}),
    ],
)
def test_layouts_format_what_becomes_a_moment(
    value: Value | None, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target, layouts=LAYOUTS) == result


def test_layouts_format_members_and_leave_the_others() -> None:
    schema = ObjectType(
        (
            Property("d", DATE, nullable=True),
            Property("t", TIME),
            Property("s", STRING),
            Property("o", ObjectType((Property("x", DATETIME, nullable=True),))),
        )
    )
    value: Value = {"d": DAY, "s": "2023-04-05", "o": {"x": MOMENT}}
    assert convert(value, schema, schema, layouts=LAYOUTS) == {
        "d": "05.04.2023",
        "s": "2023-04-05",
        "o": {"x": 1680674828},
    }
    assert convert({"d": None, "o": {"x": None}}, schema, schema, layouts=LAYOUTS) == {
        "d": None,
        "o": {"x": None},
    }
    # What was given is as it was (MAP-117).
    assert value == {"d": DAY, "s": "2023-04-05", "o": {"x": MOMENT}}


def test_uniqueness_is_judged_before_formatting() -> None:
    unique = ArrayType(DATE, unique=True)
    days: Value = [date(2023, 4, 5), date(2023, 4, 6)]
    assert convert(days, ArrayType(DATE), unique, layouts=Layouts(date="2006")) == ["2023", "2023"]


def test_without_layouts_for_its_moments_a_value_passes_as_it_is() -> None:
    value: Value = ["a"]
    assert convert(value, ArrayType(STRING), ArrayType(STRING), layouts=LAYOUTS) is value


@pytest.mark.parametrize(
    ("value", "source", "path"),
    [
        (datetime.max.replace(tzinfo=UTC), DATETIME, ()),
        ([datetime(1970, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
         ArrayType(DATETIME), (1,)),
        ({"k": datetime.max.replace(tzinfo=UTC)}, MapType(DATETIME), ("k",)),
        ({"a": "x", "m": datetime.max.replace(tzinfo=UTC)},
         ObjectType((Property("a", STRING), Property("m", DATETIME))), ("m",)),
    ],
)  # fmt: skip
def test_nanoseconds_that_do_not_fit_are_refused_where_they_are(
    value: Value, source: Type, path: tuple[PathStep, ...]
) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        convert(value, source, source, layouts=Layouts("unixnano"))
    assert (refused.value.code, refused.value.path) == (Code.VALUE_RANGE, path)
