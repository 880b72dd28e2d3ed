"""What travels about keys."""

from typing import Annotated

from msgspec import Meta

from api.db.tables.api_key import MAX_NAME_CHARS
from api.http.model import AnyId, Id, InstantText, Model

NameText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_NAME_CHARS,
        pattern="^[^\\u0000]*$",  # PostgreSQL has no text with it
        description="The key's name.",
    ),
]
WorkspaceId = Annotated[
    AnyId | None,
    Meta(description="The workspace that the key is restricted to; null for all of them."),
]


class NewKeyBody(Model, frozen=True):
    """What a key is made of."""

    name: NameText
    workspace: WorkspaceId = None


class KeyChange(Model, frozen=True):
    """What can be changed of a key."""

    name: NameText


class CreatedKey(Model, frozen=True):
    """A key that was created."""

    id: Id
    key: Annotated[str, Meta(description="The key itself; it is shown once, here.")]


class KeyBody(Model, frozen=True, kw_only=True):
    """A key, without the key itself."""

    id: Id
    name: NameText
    workspace: WorkspaceId
    hint: Annotated[
        str,
        Meta(
            description="The first and last characters of the key.",
            examples=["api_Vm2h...9xKq0B"],
        ),
    ]
    created_at: InstantText


class KeyList(Model, frozen=True):
    """The keys of an organisation."""

    keys: list[KeyBody]
