"""What a conversion gives, in a form that a table of expectations can hold."""

from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Type
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Value
from tests.strategies import canonical


def outcome(
    value: Value | None,
    source: Type,
    target: Type,
    *,
    nullable: bool = True,
    purpose: Purpose = Purpose.IMPORT,
    layouts: Layouts | None = None,
) -> object:
    """The value in a form in which 1, 1.0 and True differ, or the code of the refusal."""
    try:
        return canonical(
            convert(value, source, target, nullable=nullable, purpose=purpose, layouts=layouts)
        )
    except ValueRefusedError as error:
        return error.code


def expected(value: object) -> object:
    return value if isinstance(value, Code) else canonical(value)


def refusal(
    value: Value | None,
    source: Type,
    target: Type,
    *,
    nullable: bool = True,
    purpose: Purpose = Purpose.IMPORT,
) -> ValueRefusedError:
    """The refusal of a value that has to be refused."""
    try:
        found = convert(value, source, target, nullable=nullable, purpose=purpose)
    except ValueRefusedError as error:
        return error
    raise AssertionError(f"{value!r} became {found!r}")
