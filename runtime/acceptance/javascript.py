"""The JavaScript that writes in a guest the usual results of a function as rows.

It is written per schema, is run before the user's source and captures what it needs. It never says
that a result is wrong: on whatever it does not expect it gives `undefined`, and the guest writes
the result as any object. So it may be strict; what it does write has to mean the same.
"""

import json
from typing import Final, assert_never

from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from runtime.acceptance.layout import Branch, Leaf, layout_of, leaves_of

MAX_NUMBER_MILLIS: Final = 4_000_000_000_000
"""Moments up to here, in the year 2096, are numbers of seconds that no rounding moves."""

_MOMENT_BYTES: Final = len('"2024-01-31T15:04:05.000Z"')

_PROTOTYPE: Final = "__proto__"
"""A property of this name is read and written in no usual way: results with it are no rows."""

_HEAD: Final = f"""((isPlain) => {{
'use strict';
const {{ stringify }} = JSON;
const {{ apply, getPrototypeOf }} = Reflect;
const ArrayPrototype = Array.prototype;
const DatePrototype = Date.prototype;
const ObjectPrototype = Object.prototype;
const {{ getTime, toISOString, toJSON }} = DatePrototype;
const {{ slice }} = String.prototype;
const Text = String;
const MAX_MILLIS = {MAX_NUMBER_MILLIS};
const ODD = {{}};
const isUntouched = () => {{
  for (const name in ObjectPrototype) return false;
  return ArrayPrototype.toJSON === undefined;
}};
// Objects of one function have mostly the same names in the same order, so the last is remembered.
const shapeOf = (names) => ({{ names, order: {{ __proto__: null }}, size: -1, gone: null, missing: 0 }});
const fits = (object, shape) => {{
  if (getPrototypeOf(object) !== ObjectPrototype) return false;
  const {{ order, size }} = shape;
  let count = 0;
  for (const name in object) {{
    if (name !== order[count]) return learn(object, shape);
    count++;
  }}
  if (count !== size) return learn(object, shape);
  return shape.missing === 0 || isGone(object, shape);
}};
const learn = (object, shape) => {{
  const order = {{ __proto__: null }}, gone = {{ __proto__: null }}, listed = {{ __proto__: null }};
  let size = 0, missing = 0;
  for (const name in object) {{
    if (!(name in shape.names)) return false;
    listed[name] = true;
    order[size++] = name;
  }}
  for (const name in shape.names) if (!(name in listed)) gone[missing++] = name;
  shape.order = order;
  shape.size = size;
  shape.gone = gone;
  shape.missing = missing;
  return isGone(object, shape);
}};
// What is not enumerable is not written, and so must not be read.
const isGone = (object, shape) => {{
  for (let i = 0; i < shape.missing; i++) if (object[shape.gone[i]] !== undefined) return false;
  return true;
}};
const secondsOf = (date) => {{
  if (getPrototypeOf(date) !== DatePrototype) return ODD;
  if (date.toJSON !== toJSON || date.toISOString !== toISOString) return ODD;
  const millis = apply(getTime, date, []);
  return millis >= -MAX_MILLIS && millis <= MAX_MILLIS ? millis / 1000 : ODD;
}};
const listed = (places, place) => places === '' ? place : places + ',' + place;"""

_TAIL: Final = """const text = stringify(row);
return absent === '' ? text : apply(slice, text, [0, -1]) + ',[' + absent + ']]';
};"""


def javascript_writer(schema: Schema, *, preserve_json: bool) -> str:
    """Write a function from the harness's `isPlain` to the writer: `write` gives a result's row.

    Empty if there is nothing that a row could hold.
    """
    layout = layout_of(schema)
    leaves = leaves_of(layout)
    if not leaves or any(_PROTOTYPE in leaf.path for leaf in leaves):
        return ""
    shapes: list[str] = []
    steps = _steps(layout, "result", shapes, preserve_json=preserve_json)
    row = ", ".join(f"value{leaf.place}" for leaf in leaves)
    return "\n".join(
        (
            _HEAD,
            *shapes,
            "const write = (result) => {",
            "if (!isUntouched()) return undefined;",
            "let absent = '';",
            *steps,
            f"const row = [{row}];",
            _TAIL,
            f"return {{ shorterBytes: {_shorter_bytes(leaves)}, write }};",
            "})",
        )
    )


def _shorter_bytes(leaves: list[Leaf]) -> int:
    """By how much a row may be shorter than its object: names, and moments that are numbers."""
    return sum(sum(len(name) + 6 for name in leaf.path) + _MOMENT_BYTES for leaf in leaves)


def _steps(branch: Branch, value: str, shapes: list[str], *, preserve_json: bool) -> list[str]:
    """Write what reads an object, which is there, into variables of its leaves."""
    number = len(shapes)
    names = "".join(f", {json.dumps(child.path[-1])}: 1" for child in branch.children)
    shapes.append(f"const shape{number} = shapeOf({{ __proto__: null{names} }});")
    steps = [f"if (!fits({value}, shape{number})) return undefined;"]
    for child in branch.children:
        member = f"{value}[{json.dumps(child.path[-1])}]"
        if isinstance(child, Branch):
            inner = f"object{len(shapes)}"
            steps.append(f"const {inner} = {member};")
            # What is null or absent has no place in a row.
            steps.append(f"if (typeof {inner} !== 'object' || {inner} === null) return undefined;")
            steps += _steps(child, inner, shapes, preserve_json=preserve_json)
        else:
            steps += _leaf_steps(child, member, preserve_json=preserve_json)
    return steps


def _leaf_steps(leaf: Leaf, member: str, *, preserve_json: bool) -> tuple[str, ...]:
    value = f"value{leaf.place}"
    usual, otherwise = _tests(leaf.item.type, value, preserve_json=preserve_json)
    return (
        f"let {value} = {member};",
        f"if ({value} !== null && !({usual})) {{",
        f"if ({value} === undefined) absent = listed(absent, '{leaf.place}');",
        f"{otherwise}else return undefined;",
        "}",
    )


def _tests(type_: Type, value: str, *, preserve_json: bool) -> tuple[str, str]:
    """Write what is true of a usual value, and what makes another one usual, if anything can."""
    match type_:
        case JsonType() if not preserve_json:
            return f"isPlain({value})", ""
        case (
            StringType()
            | DecimalType()
            | DateType()
            | TimeType()
            | UuidType()
            | IpType()
            | JsonType()
        ):
            return f"typeof {value} === 'string'", ""
        case DatetimeType():
            is_date = f"typeof {value} === 'object' && ({value} = secondsOf({value})) !== ODD"
            return f"typeof {value} === 'string' || ({is_date})", ""
        case IntType(bit_size=64):
            convert = f"else if (typeof {value} === 'bigint') {value} = Text({value});\n"
            return f"typeof {value} === 'string'", convert
        case IntType() | FloatType() | YearType():
            return f"typeof {value} === 'number' && {value} - {value} === 0", ""
        case BooleanType():
            return f"typeof {value} === 'boolean'", ""
        case ArrayType() | MapType():
            return f"typeof {value} === 'object' && isPlain({value})", ""
        case ObjectType():
            raise TypeError("objects are no leaves")
        case _:
            assert_never(type_)
