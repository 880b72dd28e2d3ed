"""What is asked of a result, and how a refused one is told from others."""

from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from runtime.sandbox.interface import Language

Result: TypeAlias = bytes | msgspec.Raw
"""The JSON of one result, as it came."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What the results of a function have to be; equal ones are checked by the same code."""

    schema: Schema
    """Pruned to what the function may return (FUNC-43)."""
    language: Language
    preserve_json: bool
    purpose: Purpose


class ResultRefusedError(ValueRefusedError):
    """A result that does not fit; `hint` tells its author what to return instead."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        limit: str = "",
        path: tuple[PathStep, ...] = (),
        hint: str = "",
    ) -> None:
        super().__init__(code, message, limit=limit, path=path)
        self.hint = hint

    def inside(self, step: PathStep) -> "ResultRefusedError":
        """Give the same refusal seen from one level further out."""
        return ResultRefusedError(
            self.code, self.message, limit=self.limit, path=(step, *self.path), hint=self.hint
        )
