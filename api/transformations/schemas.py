"""What travels about transformations that are tried out."""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from api.http.model import Model, ObjectJson, SchemaJson
from api.pipelines.definition import MAX_SOURCE_CHARS
from mapping_lang.batch import Step
from mapping_lang.diagnostics import FailureClass
from runtime.sandbox.interface import Language

MAX_RECORDS: Final = 1_000
MAX_EXPRESSION_CHARS: Final = 10_000
MAX_PATHS: Final = 10_000


class PurposeName(StrEnum):
    """What records are made for: it decides which properties are required."""

    IMPORT = "Import"
    CREATE = "Create"
    UPDATE = "Update"


TypeJson: TypeAlias = Annotated[
    msgspec.Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Type"})
]


class TrialFunction(Model, frozen=True, kw_only=True):
    """A function: its source, and what it sees and gives."""

    source: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE_CHARS)]
    language: Language
    preserve_json: bool = msgspec.field(default=False, name="preserveJSON")
    in_paths: Annotated[list[str], Meta(min_length=1, max_length=MAX_PATHS)]
    out_paths: Annotated[list[str], Meta(min_length=1, max_length=MAX_PATHS)]


class TrialTransformation(Model, frozen=True, kw_only=True):
    """A mapping or a function."""

    mapping: Annotated[dict[str, str], Meta(min_length=1)] | None = None
    function: TrialFunction | None = None


class TrialBody(Model, frozen=True, kw_only=True):
    """A transformation and the records to try it on."""

    records: Annotated[
        list[ObjectJson],
        Meta(max_length=MAX_RECORDS, description="Records of `inSchema`."),
    ]
    in_schema: SchemaJson
    out_schema: SchemaJson
    transformation: TrialTransformation
    purpose: PurposeName


class TrialResult(Model, frozen=True, kw_only=True):
    """A record that the transformation gave."""

    position: Annotated[int, Meta(ge=0, description="Position in `records`, from zero.")]
    record: ObjectJson


class TrialRejection(Model, frozen=True, kw_only=True):
    """A record that was left out, and why."""

    position: Annotated[int, Meta(ge=0)]
    code: Annotated[str, Meta(description="A stable code.", examples=["V203"])]
    failure_class: Annotated[FailureClass, Meta(description="Who can do something about it.")] = (
        msgspec.field(name="class")
    )
    step: Step
    path: Annotated[str, Meta(description="Path of the property at fault, if one is.")]
    line: Annotated[int | None, Meta(description="Line of the user's code, from one.")]
    column: int | None
    message: str
    hint: str


class TrialOutput(Model, frozen=True, kw_only=True):
    """What a function printed while it had a record."""

    position: Annotated[int, Meta(ge=0)]
    text: str


class TrialTimings(Model, frozen=True, kw_only=True):
    """Where the time went, in seconds."""

    waiting_seconds: float
    starting_seconds: float
    executing_seconds: float
    encoding_seconds: float


class Trial(Model, frozen=True, kw_only=True):
    """What became of every record."""

    results: list[TrialResult]
    rejections: list[TrialRejection]
    output: list[TrialOutput]
    timings: TrialTimings


class ExpressionBody(Model, frozen=True, kw_only=True):
    """An expression, what it reads, and what it has to give."""

    expression: Annotated[str, Meta(max_length=MAX_EXPRESSION_CHARS)]
    in_schema: SchemaJson
    type: TypeJson
    nullable: Annotated[bool, Meta(description="If it may give null.")] = False


class Mistake(Model, frozen=True, kw_only=True):
    """A located mistake of an expression."""

    code: Annotated[str, Meta(description="A stable code.", examples=["E421"])]
    message: str
    line: int | None
    column: int | None
    start: Annotated[int | None, Meta(description="First character, from zero.")]
    end: Annotated[int | None, Meta(description="First character behind.")]
    expected: str
    found: str
    hint: str


class ExpressionCheck(Model, frozen=True, kw_only=True):
    """The mistakes of an expression, or the paths of the properties that it reads."""

    valid: bool
    mistakes: list[Mistake]
    properties: list[str]


class Languages(Model, frozen=True):
    """The languages that functions can be written in here."""

    languages: list[Language]
