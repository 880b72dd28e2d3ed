"""How the usual results of a function travel: as rows of values, in the order of their schema.

A row is an array with the values of all properties that hold no others, those of objects inside of
objects included. One more element, if it is there, lists the places of those that are absent, where
null stands in. What fits no row is no mistake: it travels as an object.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mapping_lang.types.kinds import ObjectType, Property, Schema
from mapping_lang.types.schema import Path


@dataclass(frozen=True, slots=True)
class Leaf:
    """A property that holds no others, and where it stands in a row."""

    path: Path
    item: Property
    place: int


@dataclass(frozen=True, slots=True)
class Branch:
    """An object with all that it holds; the root has no property of its own."""

    path: Path
    item: Property | None
    children: "tuple[Node, ...]"


Node: TypeAlias = Leaf | Branch


def layout_of(schema: Schema) -> Branch:
    """Give the places of a schema's properties in a row."""
    return _branch(schema, None, (), [0])


def leaves_of(branch: Branch) -> list[Leaf]:
    """List the leaves in the order of their places."""
    found: list[Leaf] = []
    for child in branch.children:
        found += leaves_of(child) if isinstance(child, Branch) else (child,)
    return found


def _branch(type_: ObjectType, item: Property | None, path: Path, next_: list[int]) -> Branch:
    children: list[Node] = []
    for each in type_.properties:
        inside = (*path, each.name)
        if isinstance(each.type, ObjectType):
            children.append(_branch(each.type, each, inside, next_))
        else:
            children.append(Leaf(inside, each, next_[0]))
            next_[0] += 1
    return Branch(path, item, tuple(children))
