"""What travels about changes of the profile schema."""

from typing import Annotated, Final

from msgspec import Meta

from api.http.model import AnyId, Id, Model, SchemaJson

MAX_SOURCES: Final = 10_000


class SchemaChange(Model, frozen=True, kw_only=True):
    """The profile schema that is to be, as a whole."""

    schema: SchemaJson
    primary_sources: Annotated[
        dict[str, AnyId],
        Meta(
            max_length=MAX_SOURCES,
            description="The connection that has the last word, by the path of the property;"
            " they replace those that are there.",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it
    re_paths: Annotated[
        dict[str, str | None],
        Meta(
            max_length=MAX_SOURCES,
            description="The former path of a property that is renamed, by its new path;"
            " null for a new property with the name of one that was there.",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it


class RenamedProperty(Model, frozen=True, kw_only=True):
    """A property that is renamed."""

    path: str
    former_path: str


class SchemaChangePreview(Model, frozen=True, kw_only=True):
    """What a change of the profile schema would do."""

    dropped: Annotated[list[str], Meta(description="Properties whose values would be lost.")]
    renamed: list[RenamedProperty]
    added: list[str]
    pipelines: Annotated[
        list[Id],
        Meta(description="Pipelines that refer to what is dropped or renamed: they would fail."),
    ]
    statements: Annotated[
        list[str], Meta(description="What would be done in the warehouse, in one transaction.")
    ]
