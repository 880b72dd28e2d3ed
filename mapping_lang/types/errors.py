"""What this package raises, with the facts as attributes."""

from typing import TypeAlias

from mapping_lang.diagnostics import Code, Diagnostic


class TypesError(Exception):
    """The base of every error that this package declares."""

    retryable = False


class TypeDefinitionError(TypesError):
    """A type or a property that cannot exist; `attribute` is its JSON name."""

    def __init__(
        self, code: Code, attribute: str, *, found: str, expected: str, hint: str = ""
    ) -> None:
        super().__init__(f"`{attribute}` is {found}, expected {expected}")
        self.code = code
        self.attribute = attribute
        self.found = found
        self.expected = expected
        self.hint = hint


def check_limits(attribute: str, value: int, low: int, high: int) -> None:
    """Refuse an integer attribute outside its limits."""
    if not low <= value <= high:
        raise TypeDefinitionError(
            Code.SCHEMA_RANGE,
            attribute,
            found=str(value) if abs(value) < 10**30 else "a huge number",
            expected=f"an integer from {low} to {high}",
        )


def unknown_bit_size(found: int, allowed: tuple[int, ...]) -> TypeDefinitionError:
    return TypeDefinitionError(
        Code.SCHEMA_ATTRIBUTE,
        "bitSize",
        found=str(found),
        expected="one of " + ", ".join(map(str, allowed)),
    )


def crossed_bounds(
    low: str, high: str, low_name: str = "minimum", high_name: str = "maximum"
) -> TypeDefinitionError:
    return TypeDefinitionError(
        Code.SCHEMA_RANGE,
        high_name,
        found=high,
        expected=f"at least `{low_name}`, which is {low}",
    )


class SchemaError(TypesError):
    """A schema, or a use of one, that is refused."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


class PathError(TypesError):
    """A path that is malformed or leads nowhere; `path` is the shortest failing prefix."""

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


class LayoutError(TypesError):
    """Arrow data that cannot be read, or that is not laid out as its schema says.

    `column` is the way to the column at fault, empty if the data as a whole is.
    """

    def __init__(self, code: Code, message: str, column: tuple[str, ...] = ()) -> None:
        place = ".".join(column)
        super().__init__(f"{place}: {message}" if place else message)
        self.code = code
        self.message = message
        self.column = column


PathStep: TypeAlias = str | int


class ValueRefusedError(TypesError):
    """A value that does not fit a type, or text that is not a value.

    `code` is the stable category, `limit` the violated bound, length, pattern or list as text,
    `path` the way from the record to the value: property names, map keys and array positions.
    """

    def __init__(
        self, code: Code, message: str, *, limit: str = "", path: tuple[PathStep, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.limit = limit
        self.path = path

    def __str__(self) -> str:
        place = format_value_path(self.path)
        return f"{place}: {self.message}" if place else self.message

    def inside(self, step: PathStep) -> "ValueRefusedError":
        """Give the same refusal seen from one level further out."""
        return type(self)(self.code, self.message, limit=self.limit, path=(step, *self.path))


class JsonSyntaxError(ValueRefusedError):
    """Text that is not JSON as we read it; `position` counts code points."""

    def __init__(
        self,
        message: str,
        position: int = 0,
        *,
        code: Code = Code.VALUE_SYNTAX,
        path: tuple[PathStep, ...] = (),
    ) -> None:
        super().__init__(code, message, path=path)
        self.position = position

    def inside(self, step: PathStep) -> "JsonSyntaxError":
        """Give the same refusal seen from one level further out."""
        return type(self)(self.message, self.position, code=self.code, path=(step, *self.path))


def format_value_path(path: tuple[PathStep, ...]) -> str:
    """Write a path into a value as `e.f[1].g`, with map keys that are not names in brackets."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier() and step.isascii():
            text += f".{step}" if text else step
        else:
            text += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text
