"""What a column of the source says of whole records: values, and why some records have none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array


@final
@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a record has no user id or no update time; the message is the same for all of a kind."""

    code: Code
    message: str


@final
@dataclass(frozen=True, slots=True)
class Marks:
    """One value per record of a batch; null where there is a mistake."""

    values: Array
    mistakes: Mapping[int, Mistake] = field(default_factory=dict)
    """By position in the batch."""
