from mapping_lang.columnar.column import Column, One
from mapping_lang.columnar.fallback import apply_function
from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import IntType

INT = IntType(64)


def constant(value: int, length: int) -> Column:
    return Column(INT, length, one=One.of(value, INT))


def test_columns_of_one_value_end_with_the_batch() -> None:
    columns = [constant(1, 3), constant(2, 3)]
    done = apply_function(lambda a, b: a + b, columns, INT, 3, strict=False)
    assert (done.column.listed, done.refused) == ([3, 3, 3], [])


def test_a_function_without_arguments_runs_for_every_record() -> None:
    done = apply_function(lambda: 5, [], INT, 2, strict=False)
    assert (done.column.listed, done.refused) == ([5, 5], [])


def test_a_refusal_does_not_end_the_batch() -> None:
    def refuse_two(a: int, b: int) -> int:
        if a == 2:
            raise ValueRefusedError(Code.VALUE_RANGE, "two")
        return a + b

    columns = [Column(INT, 4, listed=[1, 2, 2, 3]), constant(10, 4)]
    done = apply_function(refuse_two, columns, INT, 4, strict=False)
    assert (done.column.listed, done.refused) == ([11, None, None, 13], [1, 2])


def test_null_in_an_argument_is_null_in_the_result_of_a_strict_function() -> None:
    columns = [Column(INT, 2, listed=[1, None]), constant(10, 2)]
    done = apply_function(lambda a, b: a + b, columns, INT, 2, strict=True)
    assert (done.column.listed, done.refused) == ([11, None], [])
