"""The order of all rules: the first that fails is what the client is told (section 4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, final

from api.errors import BadRequestError
from api.pipelines.body import Submission
from api.pipelines.definition import MAX_EVENT_TYPE_CHARS, Definition
from api.pipelines.kinds import Kind, kind_of
from api.pipelines.validation import fitting, formal
from api.pipelines.validation.draft import Draft
from api.pipelines.validation.matching import matching
from api.pipelines.validation.texts import check_text, refuse
from api.pipelines.validation.transformation import Compiler, compile_function, transformation
from connectors.interface import Connector, Role, Target
from connectors.registry import Catalogue
from runtime.sandbox.interface import Language

Rule: TypeAlias = Callable[[Draft], None]

BEFORE_TRANSFORMATION: Final[tuple[Rule, ...]] = (
    formal.no_schema_of_events,  # PIPE-30
    formal.format_presence,  # PIPE-31
    formal.format_existence,  # PIPE-32, 422 FormatNotExist
    formal.format_type,  # PIPE-33
    formal.format_target,  # PIPE-34
    formal.name,  # PIPE-35
    formal.schemas_are_objects,  # PIPE-36
    formal.filter_,  # PIPE-37
)
# Here is PIPE-39, which asks the runtime to compile a mapping.
AFTER_TRANSFORMATION: Final[tuple[Rule, ...]] = (
    formal.path,  # PIPE-40
    formal.table_name,  # PIPE-41
    formal.sheet,  # PIPE-42
    formal.export_mode,  # PIPE-43
    matching,  # PIPE-44
    formal.compression,  # PIPE-45
    formal.user_id_column,  # PIPE-46
    formal.updated_at_column,  # PIPE-47
    formal.updated_at_format,  # PIPE-48
    formal.order_by,  # PIPE-49
    formal.incremental,  # PIPE-50
    fitting.no_output_of_events,  # PIPE-60
    fitting.schema_properties,  # PIPE-61
    fitting.format_settings_presence,  # PIPE-62
    fitting.compression_presence,  # PIPE-63
    fitting.query_presence,  # PIPE-64
    fitting.file_presence,  # PIPE-65
    fitting.columns,  # PIPE-66
    fitting.order,  # PIPE-67
    fitting.table,  # PIPE-68
    fitting.export,  # PIPE-69
    fitting.duplicates,  # PIPE-70
    fitting.transformation_presence,  # PIPE-71
    fitting.transformation_input,  # PIPE-72
    fitting.unused_properties,  # PIPE-73
    fitting.event_schema,  # PIPE-80, 422 EventTypeNotExist and SchemaNotAligned
    fitting.format_settings,  # PIPE-82, 422 InvalidSettings
)
# And here PIPE-81, which asks it to compile a function: after PIPE-82, so that it has nothing to do
# for a definition that is refused anyway.


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """What checking definitions takes, beside the definitions."""

    catalogue: Catalogue
    compiler: Compiler
    languages: frozenset[Language] = frozenset(Language)
    """Of functions. It is not asked of the runtime, which has none until it knows its walls."""

    async def check(
        self, kind: Kind, connector: Connector, given: Submission, *, tenant: str
    ) -> Definition:
        """Give the definition that was sent, or raise what the first failing rule says."""
        draft = Draft(
            kind=kind,
            connector=connector,
            catalogue=self.catalogue,
            languages=self.languages,
            given=given,
        )
        for rule in BEFORE_TRANSFORMATION:
            rule(draft)
        await transformation(draft, self.compiler, tenant)
        for rule in AFTER_TRANSFORMATION:
            rule(draft)
        await compile_function(draft, self.compiler, tenant)
        return draft.definition()


def check_target(connector: Connector, role: Role, target: Target) -> Kind:
    """PIPE-24: what the connector supports in this role."""
    kind = kind_of(role, connector.type, target)
    if kind is None or target not in connector.targets(role):
        raise BadRequestError(
            f"a connection to {connector.label} as {role} has no pipelines with target {target}"
        )
    return kind


def check_event_type(kind: Kind, event_type: str) -> None:
    """PIPE-25: events are sent as some type, and nothing else has one."""
    if kind is Kind.EVENTS_TO_APPLICATION:
        check_text("eventType", event_type, MAX_EVENT_TYPE_CHARS)
    elif event_type:
        raise refuse("eventType", "there", f"none: the pipeline is to {kind}")
