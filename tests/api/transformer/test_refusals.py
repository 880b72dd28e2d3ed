"""Every error of the runtime is told as what it is: whose fault, and whether to try again."""

import inspect

import pytest

from api.transformer.refusals import line_and_column, shown, source_of, told, transformation_failed
from mapping_lang.diagnostics import Code, Diagnostic, Span
from mapping_lang.types.kinds import ObjectType, Property, StringType
from runtime import errors
from runtime.contract import Function, Mapping, Transformation
from runtime.errors import KilnRuntimeError
from runtime.sandbox.interface import Language

SCHEMA = ObjectType((Property("email", StringType()),))
MAPPING = Mapping(expressions=(("email", "lower("),))
FUNCTION = Function(
    language=Language.PYTHON,
    source="def transform(user):\n    return {'a': 1\n",
    in_paths=("email",),
    out_paths=("email",),
)

TOLD: dict[str, tuple[int, str] | None] = {
    "KilnRuntimeError": None,
    "LimitError": (400, "BadRequest"),
    "LimitValueError": None,
    "FunctionRefusedError": (422, "TransformationFailed"),
    "BatchStoppedError": (422, "TransformationFailed"),
    "FunctionPausedError": (422, "TransformationFailed"),
    "GuestLostError": (503, "ServiceUnavailable"),
    "GuestUnavailableError": (503, "ServiceUnavailable"),
    "WallsMissingError": (422, "UnsupportedLanguage"),
    "RequestError": None,
    "SchemaRefusedError": (400, "BadRequest"),
    "BatchRefusedError": (400, "BadRequest"),
    "TransformationRefusedError": (422, "TransformationFailed"),
    "FunctionsUnavailableError": (422, "UnsupportedLanguage"),
    "BusyError": (503, "ServiceUnavailable"),
    "DeadlineError": (503, "ServiceUnavailable"),
    "UnavailableError": (503, "ServiceUnavailable"),
    "InternalError": None,
    "AnswerError": None,
    "AddressError": None,
}
"""What each becomes; nothing is a bug of ours, which ends as a 500."""

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, KilnRuntimeError)
]


def made(class_: type[KilnRuntimeError]) -> KilnRuntimeError:
    """Make an error with a value of its type for every fact."""
    if "__init__" not in vars(class_):
        return class_("words")
    values: dict[object, object] = {int: 7, float: 7.0, str: "words", bool: False}
    facts = {
        name: values.get(parameter.annotation, "words")
        for name, parameter in inspect.signature(class_).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_POSITIONAL
    }
    positional = [
        facts.pop(name)
        for name, parameter in inspect.signature(class_).parameters.items()
        if parameter.kind
        in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    ]
    found: KilnRuntimeError = class_(*positional, **facts)
    return found


@pytest.mark.parametrize("class_", CLASSES, ids=lambda each: each.__name__)
def test_an_error_of_the_runtime_is_told_as_what_it_is(class_: type[KilnRuntimeError]) -> None:
    found = told(made(class_))

    expected = TOLD[class_.__name__]
    assert (None if found is None else (found.status, found.code)) == expected
    if found is not None:
        assert found.message


def test_what_may_work_later_says_so() -> None:
    for name, answer in TOLD.items():
        if answer is None:
            continue
        (class_,) = [each for each in CLASSES if each.__name__ == name]
        found = told(made(class_))
        assert found is not None
        assert found.retryable is (answer[0] == 503)


def diagnostic(message: str, *, span: Span | None = None, pointer: str | None = None) -> Diagnostic:
    return Diagnostic(code=Code.FUNCTION_SYNTAX, message=message, span=span, pointer=pointer)


def test_a_mistake_is_shown_with_its_place_and_its_line() -> None:
    mistake = diagnostic("'{' was never closed", span=Span(start=32, end=33), pointer="/source")

    found = shown(FUNCTION, mistake)

    assert found.startswith("/source, line 2, column 12: ")
    assert "    return {'a': 1" in found


def test_a_mistake_of_a_mapping_is_in_the_text_of_its_path() -> None:
    mistake = diagnostic("found nothing", pointer="/email")
    assert source_of(MAPPING, mistake) == "lower("
    assert source_of(MAPPING, diagnostic("x", pointer="/a~1b")) == ""


def test_the_first_mistakes_are_told_and_not_all() -> None:
    mistakes = tuple(diagnostic(f"mistake {n}") for n in range(30))
    refusal = transformation_failed(Transformation.of(SCHEMA, SCHEMA, MAPPING), mistakes)

    assert (refusal.status, refusal.code) == (422, "TransformationFailed")
    assert "mistake 0" in refusal.message
    assert len(refusal.cause.splitlines()) == 20


@pytest.mark.parametrize(
    ("position", "place"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 3)), (6, (3, 1))]
)
def test_lines_and_columns_count_from_one(position: int, place: tuple[int, int]) -> None:
    assert line_and_column("ab\ncd\nef", position) == place
