"""The JavaScript that builds in a guest the records of a batch from its columns.

It is written per schema, is run before the user's source and captures what it needs: nothing that
the source replaces later is used. Where no value is absent, which is usual, all records come from
one object literal, so that V8 gives them one shape and finds their properties at known places.

What JSON has no form for is rebuilt: BigInt, NaN, the infinities.
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
const { defineProperty, hasOwn, keys } = Object;
const { isArray } = Array;
const Big = BigInt;
const Bytes = Uint8Array;
const Float = Number;
const NONE = {};
const PRESENT = 0, ABSENT = 1, NULL = 2;
const columnsOf = (column) => isArray(column) ? column : column.values;
const filled = (column) => {
  if (isArray(column)) return column;
  const { absent, values } = column;
  for (let i = 0; i < absent.length; i++) values[absent[i]] = NONE;
  return values;
};
const statesOf = (column, count) => {
  const states = new Bytes(count);
  if (isArray(column)) return states;
  const { absent } = column;
  const nulls = column.null;
  for (let i = 0; i < absent.length; i++) states[absent[i]] = ABSENT;
  for (let i = 0; i < nulls.length; i++) states[nulls[i]] = NULL;
  return states;
};
const put = (object, name, value) => {
  const descriptor = { __proto__: null, configurable: true, enumerable: true, value, writable: true };
  defineProperty(object, name, descriptor);
};"""

_PROTOTYPE = "__proto__"
"""A property of this name is set in no usual way: it would be the object's prototype."""


def javascript_reader(schema: Schema) -> str:
    """Write a function that takes a batch, and gives what builds the record at a position of it.

    Empty for a schema without properties: its batches are arrays of empty objects.
    """
    if not schema.properties:
        return ""
    reader = _Reader()
    literal, steps = reader.object(schema, "batch[1]", "record")
    return "\n".join(
        (
            _HEAD,
            *reader.functions,
            "return (batch) => {",
            "const count = batch[0];",
            *reader.columns,
            f"if ({' && '.join(reader.whole)}) return (i) => ({literal});",
            *reader.gaps,
            "return (i) => {",
            "const record = {};",
            *steps,
            "return record;",
            "};",
            "};",
            "})()",
        )
    )


class _Reader:
    """Writes the parts of one reader; every column has a number."""

    def __init__(self) -> None:
        self.functions: list[str] = []
        self.columns: list[str] = []
        self.whole: list[str] = []
        """What holds if there are no gaps."""
        self.gaps: list[str] = []
        """What is to be done if there are any."""

    def object(self, type_: ObjectType, columns: str, target: str) -> tuple[str, list[str]]:
        """Give the literal of an object without gaps, and statements that fill one with gaps."""
        members: list[str] = []
        steps: list[str] = []
        for position, item in enumerate(type_.properties):
            number = len(self.columns)
            column = f"column{number}"
            self.columns.append(f"const {column} = {columns}[{position}];")
            self.whole.append(f"isArray({column})")
            if isinstance(item.type, ObjectType):
                inner = f"object{number}"
                literal, inner_steps = self.object(item.type, f"columnsOf({column})", inner)
                self.gaps.append(f"const state{number} = statesOf({column}, count);")
                steps += (
                    f"if (state{number}[i] === NULL) {_put(target, item.name, 'null')}",
                    f"else if (state{number}[i] === PRESENT) {{",
                    f"const {inner} = {{}};",
                    *inner_steps,
                    _put(target, item.name, inner),
                    "}",
                )
            else:
                rebuild = _expression(item.type, self.functions)
                literal = _rebuilt(f"{column}[i]", rebuild)
                self.gaps.append(f"const filled{number} = filled({column});")
                place = f"filled{number}[i]"
                put = _put(target, item.name, _rebuilt(place, rebuild))
                steps.append(f"if ({place} !== NONE) {put}")
            members.append(f"{_key(item.name)}: {literal}")
        return f"{{{', '.join(members)}}}", steps


def _rebuilt(value: str, rebuild: Expression | None) -> str:
    return value if rebuild is None else f"({value} === null ? null : {rebuild(value)})"


def _key(name: str) -> str:
    return f'["{name}"]' if name == _PROTOTYPE else json.dumps(name)


def _put(target: str, name: str, value: str) -> str:
    if name == _PROTOTYPE:
        return f"put({target}, {json.dumps(name)}, {value});"
    return f"{target}[{json.dumps(name)}] = {value};"


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
    """Rebuild an object that is inside of an array or a map: it came as an object."""
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
