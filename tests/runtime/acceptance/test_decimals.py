"""Decimals that are read together are those that are read one by one."""

import itertools

import pytest

from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import DecimalType, ObjectType, Property
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.accept import accept_results
from runtime.acceptance.contract import Contract
from runtime.acceptance.exact import accept_exactly
from runtime.sandbox.interface import Language
from tests.runtime.acceptance.test_accept import written

TEXTS = [
    "".join(each) for length in range(5) for each in itertools.product("01-.e+", repeat=length)
]
OTHERS = ["1\\n", "\\n1", "1\\n1", "\\u0661", "1_0", "NaN", "Infinity", "0" * 50, "-0.00", "9" * 40]


@pytest.mark.parametrize(("precision", "scale"), [(3, 1), (3, 0), (2, 2), (5, 4)])
@pytest.mark.parametrize("language", list(Language))
def test_decimals_read_together_are_those_read_one_by_one(
    language: Language, precision: int, scale: int
) -> None:
    schema = ObjectType((Property("d", DecimalType(precision, scale)),))
    contract = Contract(schema, language, preserve_json=False, purpose=Purpose.IMPORT)
    results = [f'{{"d":"{text}"}}'.encode() for text in (*TEXTS, *OTHERS)]
    expected: list[Record | ValueRefusedError] = []
    for result in results:
        try:
            expected.append(accept_exactly(contract, result))
        except ValueRefusedError as error:
            expected.append(error)
    found = accept_results(results, Purpose.IMPORT, schema, language, preserve_json=False)
    assert list(map(written, found)) == list(map(written, expected))
    good = [result for result, each in zip(results, expected, strict=True) if type(each) is dict]
    together = accept_results(good, Purpose.IMPORT, schema, language, preserve_json=False)
    assert together == [each for each in expected if type(each) is dict]
    assert len(good) > 20
