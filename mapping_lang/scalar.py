"""From a plan to generated Python that runs record by record: the definition of its meaning.

One function is generated per purpose. Equal nodes share their work where both are evaluated; what
is lazy in the language stays lazy. Before anything that can fail, the number of its site is noted,
so that a failure is told with its place without any cost to the records that pass.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.diagnostics import Code, Span
from mapping_lang.json_path import member_reader
from mapping_lang.part_text import part_writer
from mapping_lang.plan import (
    AllOf,
    AnyOf,
    Apply,
    Choose,
    Concat,
    Constant,
    Context,
    Convert,
    Input,
    JsonMember,
    MapMember,
    Node,
    NotNull,
    Numbering,
    ObjectMember,
    Output,
    PartText,
    Plan,
    Site,
)
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import MAX_LENGTH, StringType, Type
from mapping_lang.types.schema import Path, Purpose, required
from mapping_lang.types.values import Record, Value

MAX_BLOCKS: Final = 90
"""Deepest nesting of generated blocks; Python itself stops at 100."""

Failure: TypeAlias = tuple[int, int, ValueRefusedError | ApplyError]
"""The position of a record, the number of a site, and what happened there."""

Run: TypeAlias = Callable[[Sequence[Record], list[Record], list[Failure]], None]


@dataclass(frozen=True, slots=True)
class SitedOutput:
    """Where a failure happened: the output property and the place in its expression."""

    output: Output
    site: Site


@dataclass(frozen=True, slots=True)
class Scalar:
    """A generated function and the sites that its failures point to."""

    run: Run
    sites: tuple[SitedOutput, ...]
    source: str


class TooDeepError(Exception):
    """A plan whose code would nest too deep for Python; the compiler turns it into a diagnostic."""

    retryable = False

    def __init__(self, output: Output) -> None:
        super().__init__(output.source)
        self.output = output


def generate(plan: Plan, purpose: Purpose) -> Scalar:
    """Generate the function of a plan for records of one purpose."""
    writer = _Writer(plan, purpose)
    source = writer.write()
    names: dict[str, object] = writer.names
    exec(compile(source, "<mapping>", "exec"), names)  # noqa: S102  our own text, no user's word in it
    run = names["run"]
    if not callable(run):
        raise TypeError("the generated source defines `run`")
    return Scalar(run, tuple(writer.sites), source)


class _Writer:
    def __init__(self, plan: Plan, purpose: Purpose) -> None:
        self._plan = plan
        self._purpose = purpose
        self._lines: list[str] = []
        self._depth = 3
        self._numbers = Numbering()
        self._known: list[dict[object, str]] = [{}]
        self._counter = 0
        self._output = plan.outputs[0]
        self._site = 0
        self.sites: list[SitedOutput] = []
        self.names: dict[str, object] = {
            "Refused": (ValueRefusedError, ApplyError),
            "ValueRefusedError": ValueRefusedError,
            "REQUIRED": Code.APPLY_REQUIRED,
            "E": "",
        }

    def write(self) -> str:
        """Write the whole function."""
        parents: dict[Path, str] = {(): "o"}
        self._line("o = {}")
        for output in self._plan.outputs:
            for length in range(1, len(output.path)):
                parent = output.path[:length]
                if parent not in parents:
                    parents[parent] = self._fresh()
                    self._line(f"{parents[parent]} = None")
        for output in self._plan.outputs:
            self._output = output
            self._store(output, self._value(output.node), parents)
        body = "\n".join(self._lines)
        return (
            "def run(records, out, failures):\n"
            " for position, r in enumerate(records):\n"
            "  site = 0\n"
            "  try:\n"
            "   get = r.get\n"
            f"{body}\n"
            "  except Refused as error:\n"
            "   failures.append((position, site, error))\n"
            "  else:\n"
            "   out.append(o)\n"
        )

    # Output

    def _store(self, output: Output, value: str, parents: dict[Path, str]) -> None:
        item = output.property
        if item.nullable:
            self._put(output.path, value, parents)
            return
        if value == "None":
            if required(item, self._purpose):
                self._fail_required(output)
            return
        self._line(f"if {value} is not None:")
        with self._block():
            self._put(output.path, value, parents)
        if required(item, self._purpose):
            self._line("else:")
            with self._block():
                self._fail_required(output)

    def _put(self, path: Path, value: str, parents: dict[Path, str]) -> None:
        for length in range(1, len(path)):
            name, outer = parents[path[:length]], parents[path[: length - 1]]
            self._line(f"if {name} is None: {name} = {outer}[{path[length - 1]!r}] = {{}}")
        self._line(f"{parents[path[:-1]]}[{path[-1]!r}] = {value}")

    def _fail_required(self, output: Output) -> None:
        self._note(Site(Span(0, len(output.source)), Context.OUTPUT))
        message = f"a value is required to {self._purpose.value} the record"
        self._line(f"raise ValueRefusedError(REQUIRED, {message!r})")

    # Values

    def _value(self, node: Node) -> str:
        """Write what computes a node; give the name or literal that holds its value."""
        if isinstance(node, Constant):
            return self._literal(node)
        number = self._numbers.of(node)
        known = self._find(number)
        if known is not None:
            return known
        name = self._compute(node)
        self._known[-1][number] = name
        return name

    def _compute(self, node: Node) -> str:
        match node:
            case Constant():
                return self._literal(node)
            case Input():
                return self._input(node.path)
            case ObjectMember():
                return self._member(self._value(node.base), node.name)
            case MapMember():
                return self._member(self._value(node.base), node.key)
            case JsonMember():
                base = self._value(node.base)
                read = self._name(member_reader(node.key, optional=node.optional))
                self._note(node.site)
                return self._assign(f"None if {base} is None else {read}({base})")
            case Convert():
                return self._convert(node)
            case PartText():
                base = self._value(node.base)
                text_of = self._name(part_writer(_typed(node.base)))
                self._note(node.site)
                return self._assign(f"None if {base} is None else {text_of}({base})")
            case Concat():
                return self._concat(node)
            case Apply():
                return self._apply(node)
            case AllOf():
                return self._junction(node.arguments, stop="False", neutral="True")
            case AnyOf():
                return self._junction(node.arguments, stop="True", neutral="False")
            case NotNull():
                return self._assign(f"{self._value(node.base)} is not None")
            case Choose():
                return self._choose(node)
            case _:
                assert_never(node)

    def _literal(self, node: Constant) -> str:
        value = node.value
        if value is None or isinstance(value, bool):
            return repr(value)
        if isinstance(value, str) and not value:
            return "E"
        return self._name(value)

    def _input(self, path: Path) -> str:
        if len(path) == 1:
            return self._assign(f"get({path[0]!r})")
        parent = ("object", path[:-1])
        base = self._find(parent)
        if base is None:
            base = self._input(path[:-1])
            self._known[-1][parent] = base
        return self._member(base, path[-1])

    def _member(self, base: str, key: str) -> str:
        return self._assign(f"None if {base} is None else {base}.get({self._name(key)})")

    def _convert(self, node: Convert) -> str:
        base = self._value(node.base)
        source, target = _typed(node.base), node.type
        if node.output:
            convert = converter(source, target, purpose=self._purpose, layouts=self._plan.layouts)
        else:
            convert = converter(source, target)
        self._note(node.site)
        call = f"{self._name(convert)}({base})"
        if (
            isinstance(source, StringType)
            and isinstance(target, StringType)
            and not target.values
            and target.pattern is None
            and target.max_bytes == MAX_LENGTH
        ):
            # The usual limit, checked without a call.
            return self._assign(
                f"{base} if {base} is None or len({base}) <= {target.max_length} else {call}"
            )
        return self._assign(f"None if {base} is None else {call}")

    def _concat(self, node: Concat) -> str:
        pieces: list[str] = []
        for part in node.parts:
            if isinstance(part, Constant):
                pieces.append(f"{{{self._literal(part)}}}")
            else:
                pieces.append(f"{{{self._value(part)} or E}}")
        return self._assign(f'f"{"".join(pieces)}"')

    def _apply(self, node: Apply) -> str:
        body = self._name(node.body)
        if not node.strict:
            arguments = [self._value(argument) for argument in node.arguments]
            self._note(node.site)
            return self._assign(f"{body}({', '.join(arguments)})")
        first, *rest = node.arguments
        arguments = [self._value(first)]
        present = [f"{arguments[0]} is not None"]
        result = self._fresh()
        simple = all(self._is_simple(argument) for argument in rest)
        if simple:
            for argument in rest:
                value = self._value(argument)
                arguments.append(value)
                if not isinstance(argument, Constant):
                    present.append(f"{value} is not None")
                elif argument.value is None:
                    present.append("False")
            self._note(node.site)
            call = f"{body}({', '.join(arguments)})"
            self._line(f"{result} = {call} if {' and '.join(present)} else None")
            return result
        # A null argument ends the evaluation: what comes after it cannot fail any more.
        self._line(f"{result} = None")
        alive = self._fresh()
        self._line(f"{alive} = {present[0]}")
        for argument in rest:
            value = self._fresh()
            self._line(f"{value} = None")
            self._line(f"if {alive}:")
            with self._block():
                self._line(f"{value} = {self._value(argument)}")
                self._line(f"{alive} = {value} is not None")
            arguments.append(value)
        self._line(f"if {alive}:")
        with self._block():
            self._note(node.site)
            self._line(f"{result} = {body}({', '.join(arguments)})")
        return result

    def _junction(self, arguments: tuple[Node, ...], *, stop: str, neutral: str) -> str:
        result = self._fresh()
        first = self._value(arguments[0])
        self._line(f"{result} = {first}")
        for argument in arguments[1:]:
            self._line(f"if {result} is not {stop}:")
            with self._block():
                value = self._value(argument)
                self._line(f"if {value} is not {neutral}:")
                with self._block():
                    # Null wins over what is neutral, what stops wins over null.
                    self._line(f"{result} = {value}")
        return result

    def _choose(self, node: Choose) -> str:
        result = self._fresh()
        if len(node.cases) == 1:
            ((condition, then),) = node.cases
            test = self._condition(condition)
            if self._is_simple(then) and self._is_simple(node.otherwise):
                a, b = self._value(then), self._value(node.otherwise)
                self._line(f"{result} = {a} if {test} else {b}")
                return result
            self._line(f"if {test}:")
            with self._block():
                self._line(f"{result} = {self._value(then)}")
            self._line("else:")
            with self._block():
                self._line(f"{result} = {self._value(node.otherwise)}")
            return result
        chosen = self._fresh()
        self._line(f"{chosen} = False")
        for condition, then in node.cases:
            self._line(f"if not {chosen}:")
            with self._block():
                self._line(f"if {self._condition(condition)}:")
                with self._block():
                    self._line(f"{result} = {self._value(then)}")
                    self._line(f"{chosen} = True")
        self._line(f"if not {chosen}:")
        with self._block():
            self._line(f"{result} = {self._value(node.otherwise)}")
        return result

    def _condition(self, node: Node) -> str:
        if isinstance(node, NotNull):
            return f"{self._value(node.base)} is not None"
        return self._value(node)

    def _is_simple(self, node: Node) -> bool:
        """Tell if a node needs no work here, so that it may stand where it is not needed."""
        return isinstance(node, Constant) or self._find(self._numbers.of(node)) is not None

    # Text

    def _find(self, key: object) -> str | None:
        for scope in reversed(self._known):
            if key in scope:
                return scope[key]
        return None

    def _note(self, site: Site) -> None:
        self.sites.append(SitedOutput(self._output, site))
        self._line(f"site = {len(self.sites) - 1}")

    def _assign(self, expression: str) -> str:
        name = self._fresh()
        self._line(f"{name} = {expression}")
        return name

    def _fresh(self) -> str:
        self._counter += 1
        return f"v{self._counter}"

    def _name(self, value: Value | Callable[..., object]) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def _line(self, text: str) -> None:
        self._lines.append(" " * self._depth + text)

    @contextmanager
    def _block(self) -> Iterator[None]:
        """Indent; what becomes known inside is not known after it."""
        if self._depth >= MAX_BLOCKS:
            raise TooDeepError(self._output)
        self._depth += 1
        self._known.append({})
        yield
        self._known.pop()
        self._depth -= 1


def _typed(node: Node) -> Type:
    if node.type is None:
        raise TypeError("branches of different types are resolved when a mapping is checked")
    return node.type
