"""What is the same in both directions: the numbers of enumerations, and payloads."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from typing import Any, Final, TypeVar

from mapping_lang.batch import Step
from mapping_lang.diagnostics import Code, FailureClass
from mapping_lang.types.schema import Purpose
from runtime.contract import Encoding
from runtime.sandbox.interface import Language
from runtime.v1 import batch_pb2, diagnostic_pb2, transform_service_pb2

_Domain = TypeVar("_Domain")

SERVICE: Final = transform_service_pb2.DESCRIPTOR.services_by_name["TransformService"].full_name
COMPILE: Final = "CompileTransformation"
TRANSFORM: Final = "TransformBatch"
"""The names of the service and of its methods."""

ATTESTATION_KEY: Final = "kiln-attestation"
"""The trailer that tells which walls stand around functions."""

REQUEST_ID_KEY: Final = "kiln-request-id"
"""The metadata that tells for which request of its own a caller asks."""

ENCODINGS: Final = {
    batch_pb2.ENCODING_ARROW_STREAM: Encoding.ARROW_STREAM,
    batch_pb2.ENCODING_JSON_RECORDS: Encoding.JSON_RECORDS,
}
PURPOSES: Final = {
    batch_pb2.PURPOSE_IMPORT: Purpose.IMPORT,
    batch_pb2.PURPOSE_CREATE: Purpose.CREATE,
    batch_pb2.PURPOSE_UPDATE: Purpose.UPDATE,
}
LANGUAGES: Final = {
    transform_service_pb2.LANGUAGE_JAVASCRIPT: Language.JAVASCRIPT,
    transform_service_pb2.LANGUAGE_PYTHON: Language.PYTHON,
}
FAILURE_CLASSES: Final = {
    diagnostic_pb2.FAILURE_CLASS_USER: FailureClass.USER,
    diagnostic_pb2.FAILURE_CLASS_DATA: FailureClass.DATA,
    diagnostic_pb2.FAILURE_CLASS_PLATFORM: FailureClass.PLATFORM,
    diagnostic_pb2.FAILURE_CLASS_CAPACITY: FailureClass.CAPACITY,
}
STEPS: Final = {
    diagnostic_pb2.STEP_VALIDATE_INPUT: Step.VALIDATE_INPUT,
    diagnostic_pb2.STEP_TRANSFORM: Step.TRANSFORM,
    diagnostic_pb2.STEP_VALIDATE_OUTPUT: Step.VALIDATE_OUTPUT,
}
ENCODING_NUMBERS: Final = {each: number for number, each in ENCODINGS.items()}
PURPOSE_NUMBERS: Final = {each: number for number, each in PURPOSES.items()}
LANGUAGE_NUMBERS: Final = {each: number for number, each in LANGUAGES.items()}
FAILURE_CLASS_NUMBERS: Final = {each: number for number, each in FAILURE_CLASSES.items()}
STEP_NUMBERS: Final = {each: number for number, each in STEPS.items()}
CODES: Final = {code.value: code for code in Code}


def functions_service(language: Language) -> str:
    """Name the health of the functions of a language."""
    return f"runtime.functions.{language.value}"


def known(
    table: Table[Any, _Domain], number: int, field: str, error: Callable[[str, str], Exception]
) -> _Domain:
    """Look up the number of an enumeration; what is unspecified or unknown is refused."""
    found = table.get(number)
    if found is None:
        what = "is unspecified" if number == 0 else f"found the unknown number {number}"
        raise error(field, what)
    return found
