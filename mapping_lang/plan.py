"""The typed intermediate form of a mapping: its one meaning, run by `scalar` and by `columnar`.

Every node has a static type, every conversion is a node, and nothing depends on the run-time type
of a value: where branches differ in type, what is done with their result is done in each branch.
A node gives null (`None`) for null and absent alike. Nodes compare by what they compute: the place
that a mistake would be reported at (`Site`) does not count, so equal nodes can share their work.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias, assert_never, final

from mapping_lang.builtins.signature import Builtin
from mapping_lang.diagnostics import Span
from mapping_lang.types.kinds import BooleanType, JsonType, Property, Schema, StringType, Type
from mapping_lang.types.schema import Path
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Value

STRING: Final = StringType()
BOOLEAN: Final = BooleanType()
JSON: Final = JsonType()


class Context(StrEnum):
    """What a fallible node was doing; it decides how its failure is told."""

    MEMBER = "member"
    """Selecting a member of a JSON value (MAP-23)."""
    ARGUMENT = "argument"
    """Converting the argument of a builtin (MAP-33)."""
    ENCODING = "encoding"
    """Writing an element or a member as JSON (MAP-D8): a validation error."""
    BODY = "body"
    """Running the body of a builtin (MAP-57, MAP-60)."""
    PART = "part"
    """Writing a part of a concatenation as text (MAP-19)."""
    OUTPUT = "output"
    """Converting the result to the type of the output property (MAP-62): a validation error."""


@final
@dataclass(frozen=True, slots=True)
class Site:
    """Where in an expression a node can fail, and what it was doing there."""

    span: Span
    context: Context
    function: str = ""
    container: Span | None = None


@final
@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known when the mapping is compiled."""

    value: Value | None
    type: Type
    key: str = field(init=False)
    """Tells constants apart that Python holds equal, such as 1, 1.0 and True."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{type(self.value).__name__} {self.value!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and (self.key, self.type) == (other.key, other.type)

    def __hash__(self) -> int:
        return hash((self.key, self.type))


@final
@dataclass(frozen=True, slots=True)
class Input:
    """A property of the record, through objects only; null where the way is null or absent."""

    path: Path
    type: Type


@final
@dataclass(frozen=True, slots=True)
class ObjectMember:
    """A property of an object that is not part of the record itself: of a map's element."""

    base: "Node"
    name: str
    type: Type


@final
@dataclass(frozen=True, slots=True)
class MapMember:
    """The value of a map under a key; null if there is none."""

    base: "Node"
    key: str
    type: Type


@final
@dataclass(frozen=True, slots=True)
class JsonMember:
    """A member of a JSON object; null if there is none.

    On JSON that is no object it is null if `optional`, else it fails (MAP-23).
    """

    base: "Node"
    key: str
    optional: bool
    site: Site = field(compare=False)
    type: JsonType = field(default=JSON, init=False)


@final
@dataclass(frozen=True, slots=True)
class Convert:
    """A conversion with null allowed (MAP-62, MAP-63); purpose and layouts only at the output."""

    base: "Node"
    type: Type
    site: Site = field(compare=False)
    output: bool = False


@final
@dataclass(frozen=True, slots=True)
class PartText:
    """The text of a value inside a concatenation; null stays null (MAP-19)."""

    base: "Node"
    site: Site = field(compare=False)
    type: StringType = field(default=STRING, init=False)


@final
@dataclass(frozen=True, slots=True)
class Concat:
    """The texts of its parts joined; null contributes nothing, and the result is never null."""

    parts: tuple["Node", ...]
    type: StringType = field(default=STRING, init=False)


@final
@dataclass(frozen=True, slots=True)
class Apply:
    """A builtin that evaluates all its arguments.

    `body` is the builtin's function for the types of these arguments. If `strict`, null in any
    argument is null in the result and `body` never sees it.
    """

    builtin: Builtin
    arguments: tuple["Node", ...]
    type: Type
    body: Callable[..., Value | None] = field(compare=False)
    site: Site = field(compare=False)
    strict: bool = True
    keys: tuple[str, ...] = ()
    """The member names of `map`."""
    removable: tuple[bool, ...] = ()
    """For each value of `map`: null removes the member (MAP-59)."""


@final
@dataclass(frozen=True, slots=True)
class AllOf:
    """Three-valued `and`, evaluated up to the first false (MAP-35)."""

    arguments: tuple["Node", ...]
    type: BooleanType = field(default=BOOLEAN, init=False)


@final
@dataclass(frozen=True, slots=True)
class AnyOf:
    """Three-valued `or`, evaluated up to the first true (MAP-36)."""

    arguments: tuple["Node", ...]
    type: BooleanType = field(default=BOOLEAN, init=False)


@final
@dataclass(frozen=True, slots=True)
class NotNull:
    """True unless its base is null; never null itself."""

    base: "Node"
    type: BooleanType = field(default=BOOLEAN, init=False)


@final
@dataclass(frozen=True, slots=True)
class Choose:
    """The result of the first case whose condition is true, else `otherwise`; the rest is not run.

    `type` is None where the branches differ in type: such a node is never part of a finished plan.
    """

    cases: tuple[tuple["Node", "Node"], ...]
    """Conditions and results."""
    otherwise: "Node"
    type: Type | None


Node: TypeAlias = (
    Constant
    | Input
    | ObjectMember
    | MapMember
    | JsonMember
    | Convert
    | PartText
    | Concat
    | Apply
    | AllOf
    | AnyOf
    | NotNull
    | Choose
)


@final
@dataclass(frozen=True, slots=True)
class Output:
    """One output property, and what gives its value."""

    path: Path
    property: Property
    node: Node
    source: str
    """The whole text of the expression."""


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """A checked mapping: its outputs in byte order of their paths (MAP-112)."""

    in_schema: Schema
    out_schema: Schema
    outputs: tuple[Output, ...]
    in_paths: tuple[Path, ...]
    layouts: Layouts | None

    @property
    def out_paths(self) -> tuple[Path, ...]:
        """The output paths, sorted."""
        return tuple(output.path for output in self.outputs)


def children(node: Node) -> tuple[Node, ...]:
    """List what a node is computed from, in order of evaluation."""
    match node:
        case Constant() | Input():
            return ()
        case Concat():
            return node.parts
        case Apply() | AllOf() | AnyOf():
            return node.arguments
        case Choose():
            flat = itertools.chain.from_iterable(node.cases)
            return (*flat, node.otherwise)
        case _:
            return (node.base,)


class Numbering:
    """Gives equal nodes equal numbers.

    A plan is a graph: `coalesce` tests every argument and gives it, so that each of its nodes is
    in two places, and what is nested in it in four. To hash or to compare a node looks at all of
    them; its number is found by looking at every node once.
    """

    __slots__ = ("_by_content", "_by_identity")

    def __init__(self) -> None:
        self._by_identity: dict[int, tuple[Node, int]] = {}
        self._by_content: dict[object, int] = {}

    def of(self, node: Node) -> int:
        """Give the number of a node."""
        known = self._by_identity.get(id(node))
        if known is not None:
            return known[1]
        parts = tuple([self.of(child) for child in children(node)])
        content = (type(node), _own_content(node), parts)
        number = self._by_content.setdefault(content, len(self._by_content))
        # The node is kept, so that no other one gets its identity.
        self._by_identity[id(node)] = (node, number)
        return number


def _own_content(node: Node) -> object:
    """Give what tells a node from others that are computed from the same."""
    match node:
        case Constant():
            return node
        case Input():
            return node
        case ObjectMember():
            return node.name, node.type
        case MapMember():
            return node.key, node.type
        case JsonMember():
            return node.key, node.optional
        case Convert():
            return node.type, node.output
        case Apply():
            return node.builtin, node.type, node.strict, node.keys, node.removable
        case Choose():
            return node.type
        case PartText() | Concat() | AllOf() | AnyOf() | NotNull():
            return None
        case _:
            assert_never(node)


def walk(node: Node) -> Iterator[Node]:
    """List a node and everything under it, each once."""
    stack = [node]
    seen: set[int] = set()
    while stack:
        current = stack.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            stack.extend(children(current))
