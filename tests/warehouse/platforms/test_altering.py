"""A change of the profile schema is made once, and values go with their columns (WH-70, WH-72)."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from mapping_lang.types.kinds import BooleanType, ObjectType, Property, Schema, StringType, Type
from mapping_lang.types.schema import Path
from tests.warehouse.platforms.house import (
    House,
    a_load,
    attributes,
    inspection,
    normal,
    profiles,
    resolved,
    users,
    write,
)
from warehouse.alteration import Alteration, find_changes
from warehouse.errors import ModeRefusedError
from warehouse.interface import Warehouse


def _schema(**types: Type) -> Schema:
    return ObjectType(
        tuple(Property(name, type_, read_optional=True) for name, type_ in types.items())
    )


OLD = _schema(email=StringType(), phone=StringType(), city=StringType())
NEW = _schema(vip=BooleanType(), email=StringType(), mail=StringType())
RE_PATHS: Mapping[Path, Path | None] = {("mail",): ("email",), ("email",): ("phone",)}


def _asked(old: Schema = OLD, new: Schema = NEW, re_paths: object = None) -> Alteration:
    paths = RE_PATHS if re_paths is None else re_paths
    assert isinstance(paths, Mapping)
    return Alteration(operation=uuid4(), old=old, new=new, changes=find_changes(old, new, paths))


async def _written(warehouse: Warehouse) -> None:
    loading = await warehouse.open_load(a_load(schema=OLD), normal)
    await write(loading, 1, ("1", {"email": "e", "phone": "p", "city": "c"}), ("2", {}), schema=OLD)
    await resolved(warehouse, schema=OLD)


async def test_values_go_with_their_columns(house: House) -> None:
    async with house.initialized(OLD) as warehouse:
        await _written(warehouse)
        asked = _asked()
        await warehouse.alter(asked, normal)
        found = [attributes(each) for each in await profiles(warehouse, NEW)]
        assert sorted(found, key=len) == [{}, {"email": "p", "mail": "e"}]
        # Asked for again it changes nothing, whatever has happened since.
        await warehouse.alter(asked, normal)
        loading = await warehouse.open_load(a_load(schema=NEW, attempt=2), normal)
        await write(loading, 2, ("3", {"vip": True, "email": "x"}), schema=NEW)
        assert await users(warehouse, NEW) == {
            "1": {"email": "p", "mail": "e"},
            "2": {},
            "3": {"vip": True, "email": "x"},
        }


async def test_one_change_follows_another(house: House) -> None:
    """Two properties that have each other's name, and one that is new under a name that was."""
    async with house.initialized(OLD) as warehouse:
        await _written(warehouse)
        swapped = _asked(OLD, OLD, {("email",): ("phone",), ("phone",): ("email",)})
        await warehouse.alter(swapped, normal)
        found = [attributes(each) for each in await profiles(warehouse, OLD)]
        assert sorted(found, key=len) == [{}, {"email": "p", "phone": "e", "city": "c"}]
        renewed = _schema(city=BooleanType(), phone=StringType())
        await warehouse.alter(_asked(OLD, renewed, {("city",): None}), normal)
        assert sorted(
            [attributes(each) for each in await profiles(warehouse, renewed)], key=len
        ) == [{}, {"phone": "e"}]
        assert await users(warehouse, renewed) == {"1": {"phone": "e"}, "2": {}}


async def test_a_change_of_the_order_alone_is_one_too(house: House) -> None:
    other = _schema(city=StringType(), email=StringType(), phone=StringType())
    async with house.initialized(OLD) as warehouse:
        await _written(warehouse)
        await warehouse.alter(_asked(OLD, other, {}), normal)
        assert await users(warehouse, other) == {
            "1": {"email": "e", "phone": "p", "city": "c"},
            "2": {},
        }


async def test_statements_are_shown_and_nothing_is_changed(house: House) -> None:
    async with house.initialized(OLD) as warehouse:
        await _written(warehouse)
        shown = await warehouse.show_alteration(_asked())
        assert len(shown) > 5
        assert [each for each in shown if "%" in each] == []
        assert (await users(warehouse, OLD))["1"] == {"email": "e", "phone": "p", "city": "c"}


async def test_a_mode_that_allows_no_change_changes_nothing(house: House) -> None:
    async with house.initialized(OLD) as warehouse:
        await _written(warehouse)
        with pytest.raises(ModeRefusedError):
            await warehouse.alter(_asked(), inspection)
        assert (await users(warehouse, OLD))["1"] == {"email": "e", "phone": "p", "city": "c"}
