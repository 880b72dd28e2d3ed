"""What travels about workspaces."""

from typing import Annotated, Final

from msgspec import Meta

from api.http.model import AnyId, Id, Model, ObjectJson, SchemaJson
from warehouse.identity import MAX_MERGED
from warehouse.interface import Mode

MAX_NAME_CHARS: Final = 100
MAX_PATH_CHARS: Final = 100
MAX_IDENTIFIERS: Final = 100
MAX_IDENTIFIER_CHARS: Final = 1_024
MAX_MERGED_ALLOWED: Final = 1_000_000_000

NameText = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME_CHARS, description="The workspace's name.")
]
PathText = Annotated[str, Meta(max_length=MAX_PATH_CHARS, examples=["first_name"])]


class UserProfile(Model, frozen=True):
    """Where the header of a profile finds what it shows: paths in the profile schema, or empty."""

    image: PathText = ""
    first_name: PathText = ""
    last_name: PathText = ""
    extra: PathText = ""


class UiPreferences(Model, frozen=True):
    """How profiles are shown."""

    user_profile: UserProfile = UserProfile()


class NewWarehouse(Model, frozen=True, kw_only=True):
    """The warehouse of a workspace; its schema has to be empty."""

    platform: Annotated[
        str, Meta(min_length=1, description="The platform: `PostgreSQL` or `Snowflake`.")
    ]
    mode: Annotated[
        Mode | None, Meta(description="What may be done with it; `Normal` if it is absent.")
    ] = Mode.NORMAL
    settings: Annotated[ObjectJson | None, Meta(description="The settings of the platform.")]


class NewWorkspace(Model, frozen=True, kw_only=True):
    """What a workspace is made of."""

    name: NameText
    profile_schema: Annotated[
        SchemaJson, Meta(description="The structure of the workspace's profiles.")
    ]
    ui_preferences: UiPreferences = UiPreferences()
    warehouse: NewWarehouse


class WorkspaceChange(Model, frozen=True, kw_only=True):
    """What can be changed of a workspace; what is absent is reset."""

    name: NameText
    ui_preferences: UiPreferences = UiPreferences()


class WorkspaceBody(Model, frozen=True, kw_only=True):
    """A workspace."""

    id: Id
    name: NameText
    profile_schema: SchemaJson
    primary_sources: Annotated[
        dict[str, AnyId],
        Meta(description="The connection that has the last word, by the path of the property."),
    ]
    resolve_identities_on_batch_import: bool
    identifiers: Annotated[
        list[str], Meta(description="The paths that tell identities apart, by descending priority.")
    ]
    mode: Mode
    ui_preferences: UiPreferences


class WorkspaceList(Model, frozen=True):
    """The workspaces of an organisation."""

    workspaces: list[WorkspaceBody]


class ResolutionSettings(Model, frozen=True, kw_only=True):
    """How identities are resolved; what is absent is reset."""

    run_on_batch_import: Annotated[
        bool, Meta(description="Whether the end of an import starts a resolution.")
    ] = False
    identifiers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=MAX_IDENTIFIER_CHARS)], ...],
        Meta(
            max_length=MAX_IDENTIFIERS,
            description="The paths that tell identities apart, by descending priority.",
        ),
    ] = ()
    max_merged: Annotated[
        int,
        Meta(
            ge=2,
            le=MAX_MERGED_ALLOWED,
            description="How many identities one value of an identifier may bring together;"
            " where it would be more, a resolution fails and names the value.",
        ),
    ] = MAX_MERGED


class ModeChange(Model, frozen=True, kw_only=True):
    """The mode that a warehouse is to have."""

    mode: Mode | None = Mode.NORMAL
    cancel_incompatible_operations: Annotated[
        bool, Meta(description="Whether runs that write are cancelled; otherwise they wait.")
    ] = False


class WarehouseBody(Model, frozen=True, kw_only=True):
    """The warehouse of a workspace. Passwords are never part of an answer."""

    platform: str
    mode: Mode
    settings: dict[str, str | int]


class WarehouseChange(Model, frozen=True, kw_only=True):
    """Another way to the same warehouse; the platform never changes."""

    mode: Mode | None = Mode.NORMAL
    cancel_incompatible_operations: bool = False
    settings: ObjectJson | None


class WarehouseTest(Model, frozen=True, kw_only=True):
    """Settings to try."""

    settings: ObjectJson | None
