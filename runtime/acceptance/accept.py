"""The results of a batch to its records, whatever each of them is made for."""

from collections.abc import Sequence

from mapping_lang.program import Purposes
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.contract import Contract, Result
from runtime.acceptance.fast import acceptance_for
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
