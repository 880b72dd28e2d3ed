"""Matching: which properties tell that a profile and a user of an application are one (PIPE-44)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from api.errors import BadRequestError
from api.pipelines.definition import Matching
from api.pipelines.validation.draft import Draft
from api.pipelines.validation.texts import read_path, refuse
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Schema, kind_name
from mapping_lang.types.schema import get, parse_path

# What a value of the property of profiles can be compared as, by its kind (PIPE-114).
_COMPARED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "int": ("int", "string"),
        "string": ("string", "int", "uuid"),
        "uuid": ("uuid", "string"),
    }
)


def matching(draft: Draft) -> None:
    """PIPE-110 to PIPE-115."""
    given = draft.given.matching
    if not given.in_path and not given.out_path:
        return
    for member, text in (("matching.in", given.in_path), ("matching.out", given.out_path)):
        if not text:
            raise refuse(member, "empty or missing", "the path of a property")
    if draft.export_mode is None:
        raise BadRequestError("`exportMode` is missing, and `matching` needs it")
    in_kind = _kind("matching.in", given.in_path, "inSchema", draft.in_schema)
    out_kind = _kind("matching.out", given.out_path, "outSchema", draft.out_schema)
    if out_kind not in _COMPARED[in_kind]:
        raise BadRequestError(
            f"`matching` compares {quote(given.in_path)} of kind {in_kind} with"
            f" {quote(given.out_path)} of kind {out_kind}, expected one of kind"
            f" {' or '.join(_COMPARED[in_kind])}"
        )
    _check_not_written(given.out_path, draft.out_paths)
    draft.matching = Matching(given.in_path, given.out_path)


def _kind(member: str, text: str, schema_member: str, schema: Schema | None) -> str:
    """PIPE-112, PIPE-113."""
    if schema is None:
        raise BadRequestError(f"`{schema_member}` is missing, and `{member}` needs it")
    path = read_path(member, text)
    try:
        kind = kind_name(get(schema, path).type)
    except PathError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise BadRequestError(f"`{member}`: {error}{hint}") from error
    if kind not in _COMPARED:
        raise refuse(
            member, f"{quote(text)} of kind {kind}", "a property of kind string, int or uuid"
        )
    return kind


def _check_not_written(text: str, out_paths: tuple[str, ...]) -> None:
    """PIPE-115: the value of the matching is ours to write."""
    path = parse_path(text)
    written = set(map(parse_path, out_paths))
    outer = next((path[:n] for n in range(1, len(path) + 1) if path[:n] in written), None)
    if outer is not None:
        raise BadRequestError(
            f"the transformation writes {quote('.'.join(outer))}, and `matching.out`"
            f" {quote(text)} is written without it"
        )
