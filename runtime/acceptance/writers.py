"""What a guest is told to write the usual results of a function as rows."""

import functools
from typing import Final, assert_never

from mapping_lang.types.kinds import Schema
from runtime.acceptance.javascript import javascript_writer
from runtime.sandbox.interface import Language
from runtime.sandbox.shapes import write_shape

_MAX_CACHED: Final = 256


@functools.lru_cache(maxsize=_MAX_CACHED)
def writer_for(schema: Schema, language: Language, *, preserve_json: bool) -> str:
    """Give the writer of an output schema; empty if all results are to be written as objects."""
    match language:
        case Language.JAVASCRIPT:
            return javascript_writer(schema, preserve_json=preserve_json)
        case Language.PYTHON:
            return write_shape(schema, preserve_json=preserve_json)
        case _:
            assert_never(language)
