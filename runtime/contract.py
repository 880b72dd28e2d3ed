"""What is asked of the runtime and what it answers, free of how that travels."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar, assert_never, final

from mapping_lang.batch import Rejection
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.program import Purposes, formatted_schema
from mapping_lang.types.arrow.ipc import Pieces
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, parse_path, prune_to_paths
from mapping_lang.types.schemas.decode import decode_schema
from mapping_lang.types.schemas.encode import encode_schema
from mapping_lang.types.text.layouts import Layouts
from runtime.errors import SchemaRefusedError
from runtime.limits import Limits
from runtime.sandbox.interface import Language

Content = TypeVar("Content")


class Encoding(StrEnum):
    """The forms of a payload."""

    ARROW_STREAM = "arrow stream"
    JSON_RECORDS = "json records"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Expressions by output path, sorted, and how the destination wants its moments."""

    expressions: tuple[tuple[str, str], ...]
    layouts: Layouts | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Code of the user, and what it sees and gives (FUNC-7 to FUNC-9)."""

    language: Language
    source: str
    in_paths: tuple[str, ...]
    out_paths: tuple[str, ...]
    preserve_json: bool = False


Body: TypeAlias = Mapping | Function


@final
@dataclass(frozen=True, slots=True)
class Transformation:
    """How records of one schema become records of another; equal by content, so a key of caches."""

    in_schema: str
    """Schema JSON, as it travels: a server that knows the transformation need not read it."""
    out_schema: str
    body: Body

    @classmethod
    def of(cls, in_schema: Schema, out_schema: Schema, body: Body) -> "Transformation":
        return cls(encode_schema(in_schema), encode_schema(out_schema), body)

    def schemas(self) -> tuple[Schema, Schema]:
        """Read both schemas, or refuse them."""
        return (
            _schema("transformation.input_schema", self.in_schema),
            _schema("transformation.output_schema", self.out_schema),
        )

    def result_schema(self) -> Schema:
        """Give the schema of the records that survive: what is given of the output schema."""
        _, out_schema = self.schemas()
        match self.body:
            case Mapping(expressions=expressions, layouts=layouts):
                pruned = prune_to_paths(out_schema, _paths(path for path, _ in expressions))
                return formatted_schema(pruned, layouts)
            case Function(out_paths=out_paths):
                return prune_to_paths(out_schema, _paths(out_paths))
            case _:
                assert_never(self.body)

    @property
    def size(self) -> int:
        """How much text it is, in characters."""
        match self.body:
            case Mapping(expressions=expressions):
                own = sum(len(path) + len(source) for path, source in expressions)
            case Function(source=source, in_paths=in_paths, out_paths=out_paths):
                own = len(source) + sum(map(len, (*in_paths, *out_paths)))
            case _:
                assert_never(self.body)
        return len(self.in_schema) + len(self.out_schema) + own


@dataclass(frozen=True, slots=True)
class Payload:
    """The records of a batch as bytes."""

    encoding: Encoding
    content: bytes | memoryview | Pieces
    """Pieces of what is to be sent; a part of a message of what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileCall:
    """Asks for a transformation to be compiled."""

    transformation: Transformation
    tenant: str = ""
    limits: Limits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The mistakes of a transformation, or what it reads and gives."""

    diagnostics: tuple[Diagnostic, ...] = ()
    in_paths: tuple[str, ...] = ()
    out_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformCall:
    """Asks for a transformation to be applied to a batch."""

    transformation: Transformation
    payload: Payload
    purposes: Purposes
    tenant: str = ""
    function_version: str = ""
    limits: Limits | None = None
    capture_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the seconds of a batch went."""

    waiting: float = 0.0
    starting: float = 0.0
    executing: float = 0.0
    encoding: float = 0.0

    def __add__(self, other: "Timings") -> "Timings":
        return Timings(
            waiting=self.waiting + other.waiting,
            starting=self.starting + other.starting,
            executing=self.executing + other.executing,
            encoding=self.encoding + other.encoding,
        )


@dataclass(frozen=True, slots=True)
class CapturedOutput:
    """What a function printed while it had one record."""

    position: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformed(Generic[Content]):
    """The records that survived, in order, and one rejection for each that did not."""

    content: Content
    rejections: tuple[Rejection, ...] = ()
    timings: Timings = Timings()
    captured: tuple[CapturedOutput, ...] = ()


def _schema(field: str, text: str) -> Schema:
    try:
        return decode_schema(text)
    except SchemaError as error:
        mistake = error.diagnostic
        raise SchemaRefusedError(
            field, mistake.message, code=mistake.code.value, pointer=mistake.pointer or ""
        ) from None


def _paths(texts: Iterable[str]) -> list[Path]:
    return [parse_path(text) for text in texts]
