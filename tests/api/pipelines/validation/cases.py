"""Bodies that are changed in one place, and what is to be said of them: cases of tables."""

from typing import Any

import pytest

from api.errors import ApiError
from tests.api.pipelines.bodies import (
    ABSENT,
    Body,
    body,
    profile,
    prop,
    schema,
)
from tests.api.pipelines.checking import Refused, check, refused

BAD = (400, "BadRequest")
LONG = "n" * 1_025
FILTER = {"logical": "and", "conditions": [{"property": "x", "operator": "is", "values": ["1"]}]}
MAPPING = {"mapping": {"email": "mail"}}
DECIMAL = {"kind": "decimal", "precision": 10}
TEXTS = {"kind": "array", "elementType": {"kind": "string"}}

Case = tuple[str, Body, tuple[int, str], str]


def case(kind: str, about: str, status: tuple[int, str] = BAD, /, **changed: Any) -> Case:  # noqa: ANN401 - JSON
    return kind, body(kind, **changed), status, about


def with_columns(**changed: Any) -> Body:  # noqa: ANN401 - JSON
    return body("K3", updatedAtColumn=ABSENT, updatedAtFormat=ABSENT, **changed)


def column_case(about: str, item: Body, **changed: Any) -> Case:  # noqa: ANN401 - JSON
    """Make a case of an import from a file with another update time."""
    items = schema(prop("card"), prop("mail"), item)
    return case("K3", about, inSchema=items, updatedAtColumn=item["name"], **changed)


def users_case(item: Body, name: str | None = None) -> Case:
    items = schema(item, prop("mail"), prop("changed"))
    return case("K3", "userIDColumn", inSchema=items, userIDColumn=name or item["name"])


def matching(in_type: Any, out_type: Any) -> Body:  # noqa: ANN401 - JSON
    return body(
        "K6",
        inSchema=schema(profile("first_name"), profile("email", in_type)),
        outSchema=schema(
            prop("contact", schema(prop("email", out_type), prop("firstname", nullable=True)))
        ),
    )


async def assert_refused(sent: Case) -> None:
    """Check a body, and hold the refusal to status, code and the member that it is about."""
    kind, written, status, about = sent
    with pytest.raises(ApiError) as caught:
        await check(kind, written)

    found = refused(caught.value)
    assert (found.status, found.code) == status
    # Where no member is named first, the message is about an expression, a path or a target.
    assert not about or found == Refused(*status, about)
