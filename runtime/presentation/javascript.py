"""The JavaScript that rebuilds in a guest what JSON has no form for: BigInt, NaN, the infinities.

It is written per schema, is run before the user's source and captures what it needs: nothing that
the source replaces later is used.
"""

import json
from collections.abc import Callable
from typing import TypeAlias

from mapping_lang.types.kinds import (
    ArrayType,
    FloatType,
    IntType,
    MapType,
    ObjectType,
    Schema,
    Type,
)

Expression: TypeAlias = Callable[[str], str]
"""From a JavaScript expression of a value, which is not null, to that of the rebuilt one."""

_HEAD = """(() => {
'use strict';
const { hasOwn, keys } = Object;
const Big = BigInt;
const Float = Number;"""


def javascript_presenter(schema: Schema) -> str:
    """Write a function that rebuilds a record in place and gives it; empty if it has nothing to do.

    Records are what `JSON.parse` gives: their properties are their own, whatever they are called.
    """
    functions: list[str] = []
    rebuild = _expression(schema, functions)
    if rebuild is None:
        return ""
    return "\n".join((_HEAD, *functions, f"return (record) => {rebuild('record')};", "})()"))


def _expression(type_: Type, functions: list[str]) -> Expression | None:
    match type_:
        case IntType(bit_size=64):
            return "Big({})".format
        case FloatType(real=False):
            return lambda value: f"(typeof {value} === 'string' ? Float({value}) : {value})"
        case ArrayType(element=element):
            return _array(_expression(element, functions), functions)
        case MapType(element=element):
            return _map(_expression(element, functions), functions)
        case ObjectType():
            return _object(type_, functions)
        case _:
            return None


def _array(element: Expression | None, functions: list[str]) -> Expression | None:
    if element is None:
        return None
    return _function(
        f"for (let i = 0; i < value.length; i++) value[i] = {element('value[i]')};", functions
    )


def _map(element: Expression | None, functions: list[str]) -> Expression | None:
    if element is None:
        return None
    loop = f"for (let i = 0; i < names.length; i++) value[names[i]] = {element('value[names[i]]')};"
    return _function(f"const names = keys(value); {loop}", functions)


def _object(type_: ObjectType, functions: list[str]) -> Expression | None:
    steps: list[str] = []
    for item in type_.properties:
        rebuild = _expression(item.type, functions)
        if rebuild is not None:
            name = json.dumps(item.name)
            place = f"value[{name}]"
            # Absent is not inherited, and null stays null (FUNC-6).
            steps.append(
                f"if (hasOwn(value, {name}) && {place} !== null) {place} = {rebuild(place)};"
            )
    return _function("\n  ".join(steps), functions) if steps else None


def _function(body: str, functions: list[str]) -> Expression:
    name = f"rebuild{len(functions)}"
    functions.append(f"const {name} = (value) => {{\n  {body}\n  return value;\n}};")
    return f"{name}({{}})".format
