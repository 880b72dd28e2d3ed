"""A definition while it is checked: what was sent, and what rules have found out about it."""

from dataclasses import dataclass, field

from api.pipelines.body import Submission
from api.pipelines.definition import (
    Compression,
    Definition,
    FunctionTransformation,
    MappingTransformation,
    Matching,
    Transformation,
)
from api.pipelines.kinds import FACTS, Kind, KindFacts, Side
from connectors.interface import Connector, ConnectorType
from connectors.registry import Catalogue
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import ObjectType, Schema
from mapping_lang.types.schemas.alignment import ExportMode
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from runtime.sandbox.interface import Language


@dataclass(slots=True, kw_only=True)
class Draft:
    """What later rules need of earlier ones is kept here; nothing else changes."""

    kind: Kind
    connector: Connector
    catalogue: Catalogue
    languages: frozenset[Language]
    """Of functions, as far as the installation says; the runtime has the last word (PIPE-102)."""
    given: Submission

    format: Connector | None = None
    filter: Predicate | None = None
    transformation: Transformation | None = None
    """With the inputs of a mapping, once it was compiled."""
    export_mode: ExportMode | None = None
    matching: Matching | None = None
    compression: Compression = Compression.NONE
    format_settings: dict[str, object] | None = None
    facts: KindFacts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = FACTS[self.kind]

    @property
    def has_files(self) -> bool:
        return self.connector.type is ConnectorType.FILE_STORAGE

    @property
    def in_schema(self) -> Schema | None:
        """The schema of what comes in: the one that was sent, or that of events."""
        return EVENT_SCHEMA if self.facts.input is Side.EVENTS else self.sent_in_schema

    @property
    def sent_in_schema(self) -> Schema | None:
        schema = self.given.in_schema
        return schema if isinstance(schema, ObjectType) else None

    @property
    def out_schema(self) -> Schema | None:
        schema = self.given.out_schema
        return schema if isinstance(schema, ObjectType) else None

    @property
    def in_paths(self) -> tuple[str, ...]:
        """What the transformation reads."""
        return () if self.transformation is None else self.transformation.in_paths

    @property
    def out_paths(self) -> tuple[str, ...]:
        """What the transformation writes."""
        match self.transformation:
            case None:
                return ()
            case MappingTransformation() | FunctionTransformation():
                return self.transformation.out_paths

    def definition(self) -> Definition:
        """Give the definition that all rules have let pass."""
        given = self.given
        return Definition(
            kind=self.kind,
            name=given.name,
            enabled=given.enabled,
            event_type=given.event_type,
            filter=self.filter,
            in_schema=self.sent_in_schema,
            out_schema=self.out_schema,
            transformation=self.transformation,
            query=given.query,
            format=given.format,
            format_settings=self.format_settings,
            path=given.path,
            sheet=given.sheet,
            compression=self.compression,
            order_by=given.order_by,
            user_id_column=given.user_id_column,
            updated_at_column=given.updated_at_column,
            updated_at_format=given.updated_at_format,
            incremental=given.incremental,
            matching=self.matching,
            export_mode=self.export_mode,
            update_on_duplicates=given.update_on_duplicates,
            table_name=given.table_name,
            table_key=given.table_key,
        )
