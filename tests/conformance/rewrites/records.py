"""Expectations of `decode` vectors."""

import json
import re
from decimal import Decimal
from typing import Any

from tests.conformance.expressions import plain_decimal
from tests.conformance.rewrites.moments import each_text
from tests.conformance.vector import Document

_EXPONENT = re.compile(r'(?<![\w."])-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+(?![\w."])')


def positional_decimals(content: Document, expect: Any) -> Any:
    """Write the numbers of a document without exponents (TYPE-61)."""
    del content

    def positional(text: str) -> str:
        return _EXPONENT.sub(lambda match: plain_decimal(Decimal(match[0])), text)

    # As values, decimals are texts and compared as numbers: only the document has their spelling.
    return {**expect, "marshal": each_text(expect["marshal"], positional)}


def infinite_names(content: Document, expect: Any) -> Any:
    """Read the names that the encoder writes for what is not finite (TYPE-D12)."""
    del expect
    value = json.loads(content["text"])
    return {"value": value, "marshal": json.dumps(value, separators=(",", ":"))}
