"""What a pipeline does, checked: the same for a request, the store and whoever executes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, final

from api.pipelines.kinds import Kind
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.alignment import ExportMode
from runtime.sandbox.interface import Language

MAX_NAME_CHARS: Final = 60
MAX_PATH_CHARS: Final = 1_024
MAX_QUERY_CHARS: Final = 1_000
MAX_TABLE_NAME_CHARS: Final = 1_024
MAX_COLUMN_CHARS: Final = 1_024
MAX_SHEET_CHARS: Final = 31
MAX_TIME_FORMAT_CHARS: Final = 64
MAX_SOURCE_CHARS: Final = 50_000
MAX_EVENT_TYPE_CHARS: Final = 100


class Compression(StrEnum):
    """How a file is compressed, beyond what its format does."""

    NONE = ""
    ZIP = "Zip"
    GZIP = "Gzip"
    SNAPPY = "Snappy"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MappingTransformation:
    """Expressions by output path, in the order in which they were written."""

    expressions: tuple[tuple[str, str], ...]
    in_paths: tuple[str, ...]
    """What the expressions read, sorted."""

    @property
    def out_paths(self) -> tuple[str, ...]:
        """What is written, sorted."""
        return tuple(sorted(path for path, _ in self.expressions))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTransformation:
    """A function of the user; its paths are sorted (PIPE-12)."""

    source: str
    language: Language
    preserve_json: bool
    in_paths: tuple[str, ...]
    out_paths: tuple[str, ...]


Transformation: TypeAlias = MappingTransformation | FunctionTransformation


@final
@dataclass(frozen=True, slots=True)
class Matching:
    """Which property of profiles is compared with which of an application's users."""

    in_path: str
    out_path: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A definition; what its kind does not have is empty or None."""

    kind: Kind
    name: str
    enabled: bool = False
    event_type: str = ""
    filter: Predicate | None = None
    in_schema: Schema | None = None
    """None where the schema is that of events."""
    out_schema: Schema | None = None
    transformation: Transformation | None = None

    query: str = ""
    format: str = ""
    format_settings: Mapping[str, object] | None = None
    """In the canonical form of the format."""
    path: str = ""
    sheet: str = ""
    compression: Compression = Compression.NONE
    order_by: str = ""
    user_id_column: str = ""
    updated_at_column: str = ""
    updated_at_format: str = ""
    incremental: bool = False
    matching: Matching | None = None
    export_mode: ExportMode | None = None
    update_on_duplicates: bool = False
    table_name: str = ""
    table_key: str = ""
