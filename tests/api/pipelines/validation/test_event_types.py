"""PIPE-80: what is sent with an event is what its type takes, where the connector lists types."""

from dataclasses import replace

import pytest

from api.errors import ApiError
from connectors.interface import EventType, Role
from connectors.registry import catalogue
from mapping_lang.types.kinds import IntType, ObjectType, Property, StringType
from tests.api.pipelines.bodies import ABSENT, body
from tests.api.pipelines.checking import CATALOGUE, check, refused

WHAT = Property("what", StringType(), create_required=True)
MORE = Property("more", IntType(32))
NEEDED = replace(MORE, create_required=True)


def listing(*properties: Property) -> EventType:
    """The type that the body of these tests has, with a schema."""
    schema = ObjectType(properties) if properties else None
    return EventType(id="purchase", name="Purchase", description="", filter="", schema=schema)


async def outcome(*types: EventType, without_output: bool = False) -> str:
    """The code of the refusal of a definition, or nothing."""
    connector = replace(CATALOGUE.by_code["mixpanel"], code="listing", event_types=types)
    changed = {"outSchema": ABSENT, "transformation": ABSENT} if without_output else {}
    try:
        await check(
            "K7",
            body("K7", **changed),
            connection=("listing", Role.DESTINATION),
            offered=catalogue(with_test_connectors=True, more=[connector]),
        )
    except ApiError as error:
        return refused(error).code
    return ""


@pytest.mark.parametrize(
    ("types", "code"),
    [
        ((), ""),
        ((listing(WHAT),), ""),
        ((listing(WHAT, MORE),), ""),
        ((listing(WHAT, NEEDED),), "SchemaNotAligned"),
        ((listing(MORE),), "SchemaNotAligned"),
        ((listing(replace(WHAT, type=IntType(32))),), "SchemaNotAligned"),
        ((listing(),), "SchemaNotAligned"),
        ((replace(listing(WHAT), id="Purchase"),), "EventTypeNotExist"),
    ],
)
async def test_the_output_of_a_pipeline_is_that_of_its_event_type(
    types: tuple[EventType, ...], code: str
) -> None:
    assert await outcome(*types) == code


@pytest.mark.parametrize(
    ("types", "code"),
    [((listing(),), ""), ((listing(MORE),), ""), ((listing(NEEDED),), "SchemaNotAligned")],
)
async def test_without_an_output_nothing_may_be_needed(
    types: tuple[EventType, ...], code: str
) -> None:
    assert await outcome(*types, without_output=True) == code
