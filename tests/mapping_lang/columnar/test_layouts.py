"""Moments are written alike by both paths, whatever the layouts of the destination (MAP-99)."""

from random import Random

import pytest

from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    ObjectType,
    Property,
    StringType,
    TimeType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from tests.mapping_lang.columnar.columns import records

IN = ObjectType(
    tuple(
        Property(name, type_, nullable=True)
        for name, type_ in (
            ("s", StringType()),
            ("datetime", DatetimeType()),
            ("date", DateType()),
            ("time", TimeType()),
        )
    )
)
OUT = ObjectType(
    tuple(
        Property(name, type_, nullable=True)
        for name, type_ in (
            ("a", DatetimeType()),
            ("b", DatetimeType()),
            ("c", DateType()),
            ("d", TimeType()),
            ("e", ArrayType(DatetimeType())),
            ("f", StringType()),
            ("g", DatetimeType()),
        )
    )
)
MAPPING = {
    "a": "datetime",
    "b": "s",
    "c": "date",
    "d": "coalesce(time, datetime)",
    "e": "array(datetime, date)",
    "f": "datetime",
    "g": "if(eq(s, ''), null, if(eq(date, datetime), date, '2024-01-02T03:04:05.6789Z'))",
}


@pytest.mark.parametrize(
    "layouts",
    [
        Layouts(),
        Layouts(datetime="unix"),
        Layouts(datetime="unixmilli"),
        Layouts(datetime="unixmicro"),
        Layouts(datetime="unixnano"),
        Layouts(datetime="unixish"),
        Layouts(datetime="Jan _2 2006 15:04:05.000 MST", date="02/01/2006", time="15:04"),
    ],
)
def test_moments_are_written_alike(layouts: Layouts) -> None:
    program, mistakes = compile_mapping(MAPPING, IN, OUT, layouts=layouts)
    assert program is not None, mistakes
    for seed in range(20):
        chance = Random(seed)  # noqa: S311  repeatable on purpose
        rows = records(chance, IN, 40, {"s": DatetimeType()})
        batch = Batch.from_records(IN, rows).slice(3)
        found = program.apply(batch, Purpose.IMPORT)
        expected = program.apply_records(batch.to_records(), Purpose.IMPORT)
        assert found.batch.to_records() == expected.records
        assert found.rejections == expected.rejections
