"""The results of a batch to its records, whatever each of them is made for."""

from collections.abc import Sequence

from mapping_lang.program import Purposes
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.contract import Contract, Result
from runtime.acceptance.fast import acceptance_for
from runtime.acceptance.rows import row_acceptance_for
from runtime.sandbox.interface import Language


def accept_results(
    results: Sequence[Result],
    purposes: Purposes,
    schema: Schema,
    language: Language,
    *,
    preserve_json: bool,
) -> list[Record | ValueRefusedError]:
    """Give the record of each result, or why it is none (FUNC-22); `purposes` are theirs."""

    def accept(results: Sequence[Result], purpose: Purpose) -> list[Record | ValueRefusedError]:
        contract = Contract(schema, language, preserve_json, purpose)
        return acceptance_for(contract).accept(results)

    if isinstance(purposes, Purpose):
        return accept(results, purposes)
    distinct = set(purposes)
    if len(distinct) == 1:
        return accept(results, distinct.pop())
    accepted: list[Record | ValueRefusedError] = [{}] * len(results)
    for purpose in distinct:
        positions = [place for place, other in enumerate(purposes) if other is purpose]
        outcomes = accept([results[place] for place in positions], purpose)
        for place, outcome in zip(positions, outcomes, strict=True):
            accepted[place] = outcome
    return accepted


def accept_rows(
    lines: bytes,
    positions: Sequence[int],
    purposes: Purposes,
    schema: Schema,
    language: Language,
    *,
    preserve_json: bool,
) -> list[Record | ValueRefusedError]:
    """Give the record of each row, or why it is none; the purposes are those of the whole batch."""

    def accept(lines: bytes, count: int, purpose: Purpose) -> list[Record | ValueRefusedError]:
        contract = Contract(schema, language, preserve_json, purpose)
        return row_acceptance_for(contract).accept(lines, count)

    if isinstance(purposes, Purpose):
        return accept(lines, len(positions), purposes)
    own = [purposes[position] for position in positions]
    distinct = set(own)
    if len(distinct) == 1:
        return accept(lines, len(positions), distinct.pop())
    texts = lines.splitlines(keepends=True)
    accepted: list[Record | ValueRefusedError] = [{}] * len(positions)
    for purpose in distinct:
        places = [place for place, other in enumerate(own) if other is purpose]
        found = accept(b"".join(texts[place] for place in places), len(places), purpose)
        for place, outcome in zip(places, found, strict=True):
            accepted[place] = outcome
    return accepted
