"""Looks at outputs of a mapping that only convert something, as the conversions that they are.

An output whose expression is just a path, or one text, does what a `convert` vector does. What an
entry says of conversions is then true of it as well. A text is converted when the mapping is
compiled: where that fails, there are no results at all (MAP-29).
"""

from collections.abc import Callable, Iterator
from typing import Any

from tests.conformance import expressions
from tests.conformance.content import members
from tests.conformance.expressions import Constant, Path
from tests.conformance.outcome import accept, is_open
from tests.conformance.vector import Document

PASSED = {"passed": True}
"""The outcome of a conversion that did not fail, but whose record failed later."""


def rewrite_constants(body: Document, replace: Callable[[Document, Any], Any]) -> Document | None:
    """Apply an entry about conversions to the texts that a mapping or an expression consists of."""
    if "error" in body["expect"] or is_open(body["expect"]):
        return None
    wanted = (
        [(body["expr"], body["destType"])]
        if "expr" in body
        else [
            (source, item["type"])
            for path, source in body["mapping"].items()
            if (item := output_property(path, body["outSchema"])) is not None
        ]
    )
    for source, type_ in wanted:
        expression = expressions.read(source)
        if expression is None or len(expression) != 1 or not isinstance(expression[0], Constant):
            continue
        given = next(_source(expression[0], body), None)
        if given is not None:
            conversion = {**given, "op": "convert", "destType": type_, "expect": PASSED}
            if "error" in (replace(conversion, PASSED) or {}):
                return {"error": "compile_error"}
    return None


def rewrite_outputs(row: Document, replace: Callable[[Document, Any], Any]) -> Document | None:
    """Apply an entry about conversions to the outputs of one record."""
    result: Document = row["result"]
    if is_open(result):
        return None
    out = result.get("out")
    for path in output_paths(row):
        failed = result.get("path")
        if failed is not None and failed.encode() < path.encode():
            break
        conversion = _conversion(row, path, result)
        if conversion is None:
            continue
        expect = conversion["expect"]
        replaced = replace(conversion, expect)
        if replaced is None or replaced == expect:
            continue
        if "error" in replaced:
            return {"error": replaced["error"], "path": path}
        if out is None:
            if path != failed:
                continue
            # This output does not fail after all; nothing is recorded of what comes after it.
            return accept(["out"], result)
        out = with_output(out, path, replaced)
    return None if out is None else {"out": out}


def output_paths(row: Document) -> list[str]:
    """List the output paths of a mapping in the order of their evaluation (MAP-112)."""
    return sorted(row["mapping"], key=str.encode)


def output_property(path: str, schema: Any) -> Document | None:
    """Find the property of an output path."""
    item: Document | None = {"type": schema}
    for name in path.split("."):
        if item is None or item["type"]["kind"] != "object":
            return None
        item = members(item["type"]).get(name)
    return item


def output_at(out: Any, path: str) -> Document:
    """Give what a record has at an output path, in the form of a `convert` vector."""
    for name in path.split("."):
        if out is None or name not in out:
            return {"missing": True}
        out = out[name]
    return {"value": out}


def with_output(out: Document, path: str, outcome: Document) -> Document:
    """Give a record another value at an output path, or none."""
    name, _, rest = path.partition(".")
    if rest:
        inner = with_output(out.get(name) or {}, rest, outcome)
        return {**out, name: inner} if inner else _without(out, name)
    return {**out, name: outcome["value"]} if "value" in outcome else _without(out, name)


def _without(out: Document, name: str) -> Document:
    return {key: value for key, value in out.items() if key != name}


def _conversion(row: Document, path: str, result: Document) -> Document | None:
    item = output_property(path, row["outSchema"])
    expression = expressions.read(row["mapping"][path])
    if item is None or expression is None or len(expression) != 1:
        return None
    source = next(_source(expression[0], row), None)
    if source is None:
        return None
    flags = {
        name: item.get(name, False) for name in ("nullable", "createRequired", "updateRequired")
    }
    settings: Document = {
        name: row[name] for name in ("purpose", "inPlace", "timeLayouts") if name in row
    }
    return {
        **settings,
        **flags,
        **source,
        "op": "convert",
        "destType": item["type"],
        "expect": _outcome(result, path),
    }


def _source(part: expressions.Part, row: Document) -> Iterator[Document]:
    if isinstance(part, Constant) and part.kind == "text":
        yield {"sourceType": {"kind": "string"}, "value": part.text}
    elif isinstance(part, Path) and row["inSchema"] is not None:
        type_ = expressions.type_of(part, row["inSchema"])
        if type_ is not None:
            try:
                yield {
                    "sourceType": type_,
                    "value": expressions.value_at(part, row["row"], row["inSchema"]),
                }
            except LookupError:
                return


def _outcome(result: Document, path: str) -> Document:
    if "out" in result:
        return output_at(result["out"], path)
    return {"error": result["error"]} if result["path"] == path else PASSED
