"""What compiles and applies for a person: started once, and alone with its logs."""

import pytest
import structlog

from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import IntType
from runtime.contract import CompileCall, Function, Mapping, Transformation
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.standalone.engines import Engines
from tests.runtime.engines import object_of

SCHEMA = object_of(i=IntType(32))


def function(source: str) -> Transformation:
    body = Function(language=Language.PYTHON, source=source, in_paths=("i",), out_paths=("i",))
    return Transformation.of(SCHEMA, SCHEMA, body)


def test_a_language_is_started_once_and_a_mapping_starts_none() -> None:
    told: list[str] = []
    with Engines(Limits(start_seconds=60), told.append) as engines:
        mapping = Transformation.of(SCHEMA, SCHEMA, Mapping(expressions=(("i", "i"),)))
        engines.transformer_for(mapping)
        assert told == []
        one = function("def transform(record):\n    return record\n")
        transformer = engines.transformer_for(one)
        assert engines.transformer_for(function("nothing")) is transformer
        assert told == ["starting Python behind its walls"]
        assert transformer.compile(CompileCall(transformation=one)).diagnostics == ()
        [mistake] = transformer.compile(CompileCall(transformation=function(")"))).diagnostics
        assert mistake.code is Code.FUNCTION_SYNTAX


def test_nothing_is_logged_and_the_logs_of_the_process_stay_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    with Engines(Limits(start_seconds=60)) as engines:
        engines.transformer_for(function("x"))
    assert structlog.get_config() == before
    assert capsys.readouterr() == ("", "")
