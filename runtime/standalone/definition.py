"""A transformation as a file: `inSchema`, `outSchema` and `transformation`, as a pipeline has them.

Other members of a pipeline may be there, so that its JSON can be used as it is. What is inside the
three is read strictly: a member that nobody reads is more likely misspelt than meant.
"""

from collections.abc import Iterator
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from pathlib import Path as File
from typing import Final

from mapping_lang.diagnostics import Code, Diagnostic, Span, did_you_mean, json_pointer, quote
from mapping_lang.types.errors import JsonSyntaxError, SchemaError
from mapping_lang.types.json_text import Array, Literal, Node, Object, Text, node_kind, read
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.decode import schema_of
from runtime.contract import Body, Function, Mapping, Transformation
from runtime.sandbox.interface import Language
from runtime.standalone.outcome import DefinitionRefusedError, UnreadableError

MAX_FILE_BYTES: Final = 16 * 2**20
"""Longest file: twice the longest schema and the longest mapping, spelled with escapes."""

MAX_JSON_VALUES: Final = 500_000
"""Most JSON values of a file: each takes a hundred bytes or more."""

IN_SCHEMA: Final = "inSchema"
OUT_SCHEMA: Final = "outSchema"
TRANSFORMATION: Final = "transformation"
MEMBERS: Final = (IN_SCHEMA, OUT_SCHEMA, TRANSFORMATION)
_BODIES: Final = ("mapping", "function")
_FUNCTION_MEMBERS: Final = ("source", "language", "preserveJSON", "inPaths", "outPaths")

_BOM: Final = b"\xef\xbb\xbf"
_EXAMPLE: Final = '{"inSchema": {…}, "outSchema": {…}, "transformation": {"mapping": {…}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a file says."""

    transformation: Transformation
    in_schema: Schema
    out_schema: Schema
    ignored: tuple[str, ...] = ()
    """Members of the file that say nothing about the transformation."""

    lines: ReadOnly[str, int]
    """Where the file has the expressions, by output path, or the `source` of the function."""

    used_in: frozenset[str] = frozenset()
    used_out: frozenset[str] = frozenset()
    """Paths that the rest of the pipeline uses: its filter, its matching, its columns (PIPE-73)."""


def read_definition(place: str, file: File) -> Definition:
    """Read a file, or refuse it; `place` is what it is called in messages."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableError(place, error.strerror or str(error)) from None
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableError(place, f"has more than {MAX_FILE_BYTES:,} bytes")
    try:
        text = content.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(
            place, f"is not UTF-8: byte {error.start} is 0x{content[error.start]:02x}"
        ) from None
    return parse_definition(place, text)


def parse_definition(place: str, text: str) -> Definition:
    """Read the text of a file, or refuse it."""
    try:
        root = read(text, max_values=MAX_JSON_VALUES)
    except JsonSyntaxError as error:
        refused = Diagnostic(
            code=error.code,
            message=f"the file is not JSON: {error.message}",
            span=Span(error.position, error.position + 1),
            pointer=json_pointer(error.path),
        )
        raise DefinitionRefusedError(place, text, refused) from None
    return _Reader(place, text).definition(root)


class _Reader:
    """Reads one file; refuses with the place that a mistake has in it."""

    __slots__ = ("_place", "_text")

    def __init__(self, place: str, text: str) -> None:
        self._place = place
        self._text = text

    def definition(self, root: Node) -> Definition:
        members = self._object(root, "", "the file")
        in_schema = self._schema(self._needed(members, root, IN_SCHEMA), IN_SCHEMA)
        out_schema = self._schema(self._needed(members, root, OUT_SCHEMA), OUT_SCHEMA)
        body, lines = self._body(self._needed(members, root, TRANSFORMATION))
        used_in, used_out = _used_elsewhere(members)
        return Definition(
            transformation=Transformation.of(in_schema, out_schema, body),
            in_schema=in_schema,
            out_schema=out_schema,
            ignored=tuple(name for name in members if name not in MEMBERS),
            lines=lines,
            used_in=used_in,
            used_out=used_out,
        )

    def _needed(self, members: ReadOnly[str, Node], root: Node, name: str) -> Node:
        node = members.get(name)
        if node is not None and not _is_null(node):
            return node
        found = "is missing" if node is None else "is null"
        others = [other for other in members if other not in MEMBERS]
        hint = did_you_mean(name, others) if node is None else ""
        if not members:
            hint = f"the file looks like {_EXAMPLE}"
        raise self._refused(
            Code.VALUE_MISSING,
            f"`{name}` {found}, expected {_EXPECTED[name]}",
            root if node is None else node,
            f"/{name}",
            hint=hint,
        )

    def _schema(self, node: Node, name: str) -> Schema:
        try:
            return schema_of(node, f"/{name}")
        except SchemaError as error:
            mistake = error.diagnostic
            pointer = mistake.pointer or f"/{name}"
            at = _node_at(node, pointer.removeprefix(f"/{name}"))
            raise self._refused(
                mistake.code, mistake.message, at, pointer, hint=mistake.hint
            ) from None

    def _body(self, node: Node) -> tuple[Body, dict[str, int]]:
        pointer = f"/{TRANSFORMATION}"
        members = self._object(node, pointer, f"`{TRANSFORMATION}`")
        self._only(members, _BODIES, pointer)
        given = {name: value for name, value in members.items() if not _is_null(value)}
        if len(given) != 1:
            found = "both `mapping` and `function`" if given else "neither of them"
            raise self._refused(
                Code.VALUE_TYPE,
                f"found {found} in `{TRANSFORMATION}`, expected `mapping` or `function`",
                node,
                pointer,
            )
        ((name, value),) = given.items()
        if name == "mapping":
            return self._mapping(value, f"{pointer}/mapping")
        return self._function(value, f"{pointer}/function")

    def _mapping(self, node: Node, pointer: str) -> tuple[Mapping, dict[str, int]]:
        members = self._object(node, pointer, "`mapping`")
        expressions = {
            path: self._string(value, f"{pointer}{json_pointer((path,))}", "an expression")
            for path, value in members.items()
        }
        lines = {path: self._line(value) for path, value in members.items()}
        return Mapping(expressions=tuple(sorted(expressions.items()))), lines

    def _function(self, node: Node, pointer: str) -> tuple[Function, dict[str, int]]:
        members = self._object(node, pointer, "`function`")
        self._only(members, _FUNCTION_MEMBERS, pointer)

        def needed(name: str, expected: str) -> Node:
            if name not in members:
                raise self._refused(
                    Code.VALUE_MISSING,
                    f"`{name}` of the function is missing, expected {expected}",
                    node,
                    f"{pointer}/{name}",
                )
            return members[name]

        languages = " or ".join(f'"{language.value}"' for language in Language)
        named = needed("language", languages)
        language = self._string(named, f"{pointer}/language", languages)
        if language not in list(Language):
            raise self._refused(
                Code.VALUE_NOT_LISTED,
                f"found the language {quote(language)}, expected {languages}",
                named,
                f"{pointer}/language",
                hint=did_you_mean(language, Language),
            )
        source = needed("source", "the code of the function")
        function = Function(
            language=Language(language),
            source=self._string(source, f"{pointer}/source", "the code of the function"),
            in_paths=self._paths(needed("inPaths", "a list of paths"), f"{pointer}/inPaths"),
            out_paths=self._paths(needed("outPaths", "a list of paths"), f"{pointer}/outPaths"),
            preserve_json=self._flag(members.get("preserveJSON"), f"{pointer}/preserveJSON"),
        )
        return function, {"source": self._line(source)}

    def _object(self, node: Node, pointer: str, name: str) -> ReadOnly[str, Node]:
        if isinstance(node, Object):
            return node.members
        raise self._refused(
            Code.VALUE_TYPE, f"{name} is {_described(node)}, expected an object", node, pointer
        )

    def _only(self, members: ReadOnly[str, Node], known: tuple[str, ...], pointer: str) -> None:
        for name, node in members.items():
            if name not in known:
                raise self._refused(
                    Code.VALUE_PROPERTY_UNKNOWN,
                    f"the member {quote(name)} is unknown, expected {_listed(known)}",
                    node,
                    pointer + json_pointer((name,)),
                    hint=did_you_mean(name, known),
                )

    def _string(self, node: Node, pointer: str, expected: str) -> str:
        if isinstance(node, Text):
            return node.value
        raise self._refused(
            Code.VALUE_TYPE,
            f"found {_described(node)}, expected a string: {expected}",
            node,
            pointer,
        )

    def _paths(self, node: Node, pointer: str) -> tuple[str, ...]:
        if not isinstance(node, Array):
            raise self._refused(
                Code.VALUE_TYPE,
                f"found {_described(node)}, expected a list of paths",
                node,
                pointer,
            )
        return tuple(
            self._string(item, f"{pointer}/{index}", "a path")
            for index, item in enumerate(node.items)
        )

    def _flag(self, node: Node | None, pointer: str) -> bool:
        if node is None or _is_null(node):
            return False
        if isinstance(node, Literal):
            return bool(node.value)
        raise self._refused(
            Code.VALUE_TYPE, f"found {_described(node)}, expected true or false", node, pointer
        )

    def _line(self, node: Node) -> int:
        return self._text.count("\n", 0, node.start) + 1

    def _refused(
        self, code: Code, message: str, node: Node, pointer: str, *, hint: str = ""
    ) -> DefinitionRefusedError:
        end = node.start + 1 if isinstance(node, Object | Array) else node.end
        return DefinitionRefusedError(
            self._place,
            self._text,
            Diagnostic(
                code=code,
                message=message,
                span=Span(node.start, end),
                pointer=pointer,
                hint=hint,
            ),
        )


_EXPECTED: Final[ReadOnly[str, str]] = {
    IN_SCHEMA: "the schema of the records that come in",
    OUT_SCHEMA: "the schema of the records that go out",
    TRANSFORMATION: "an object with `mapping` or `function`",
}


def _is_null(node: Node) -> bool:
    return isinstance(node, Literal) and node.value is None


def _described(node: Node) -> str:
    kind = node_kind(node)
    match node:
        case Text(value=value):
            return f"the string {quote(value)}"
        case Object() | Array():
            return f"an {kind}"
        case Literal():
            return kind
        case _:
            return f"a {kind}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _node_at(node: Node, pointer: str) -> Node:
    """Find the innermost value on the way that a pointer leads."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        match node:
            case Object(members=members) if name in members:
                node = members[name]
            case Array(items=items) if name.isdecimal() and int(name) < len(items):
                node = items[int(name)]
            case _:
                break
    return node


def _used_elsewhere(members: ReadOnly[str, Node]) -> tuple[frozenset[str], frozenset[str]]:
    """Find the paths that other members of a pipeline name, as far as they are what they should."""
    matching = _member(members.get("matching"), "in"), _member(members.get("matching"), "out")
    filtered = [
        _member(condition, "property") for condition in _items(members.get("filter"), "conditions")
    ]
    columns = [members.get("userIDColumn"), members.get("updatedAtColumn")]
    return (
        frozenset(_texts((*filtered, *columns, matching[0]))),
        frozenset(_texts((matching[1], members.get("tableKey")))),
    )


def _member(node: Node | None, name: str) -> Node | None:
    return node.members.get(name) if isinstance(node, Object) else None


def _items(node: Node | None, name: str) -> tuple[Node, ...]:
    member = _member(node, name)
    return member.items if isinstance(member, Array) else ()


def _texts(nodes: tuple[Node | None, ...]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Text) and node.value:
            yield node.value
