"""One payload through the service, between records and calls of others that must not notice it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mapping_lang.types.kinds import (
    BooleanType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import Purpose
from runtime.client import Client, Job
from runtime.contract import Function, Transformation, Transformed
from runtime.errors import BatchStoppedError, FunctionRefusedError, LimitError
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from tests.security.layers import Layer, layer_of
from tests.security.payload import Mode, Payload, as_json, filled

IN_SCHEMA: Schema = ObjectType(
    (Property("i", IntType(32)), Property("attack", BooleanType()), Property("text", StringType()))
)
OUT_SCHEMA: Schema = ObjectType(
    (Property("i", IntType(32)), Property("out", JsonType(), nullable=True, read_optional=True))
)

ATTACKED: Final = 1
"""The record of three that a payload attacks on."""

# A machine under load is slow: only what is endless may meet these.
PATIENT: Final = Limits(
    record_seconds=20,
    batch_seconds=60,
    load_seconds=20,
    start_seconds=60,
    waiting_seconds=60,
    memory_bytes=32 << 20,
)
HUNTED_SECONDS: Final = (0.2, 1.0, 5.0)
"""What an endless payload gets; the next, should a slow machine have charged an innocent record."""

LOAD_SECONDS: Final = 0.5
"""The least that loading an endless payload gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one record ended."""

    layer: Layer
    text: str
    """What is said of it, or the JSON of what it gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How a payload's batch ended, record by record, and everything that was said."""

    endings: tuple[Ending, ...]
    said: str
    refused: bool = False
    """The source was not loaded: no record had a chance."""

    @property
    def attacked(self) -> Ending:
        return self.endings[ATTACKED]

    @property
    def others(self) -> tuple[Ending, ...]:
        return tuple(ending for at, ending in enumerate(self.endings) if at != ATTACKED)

    @property
    def spoilt_by_time(self) -> bool:
        return not self.refused and any(ending.layer is Layer.TIME for ending in self.others)


def job(language: Language, source: str, tenant: str, limits: Limits = PATIENT) -> Job:
    function = Function(
        language=language, source=source, in_paths=("i", "attack", "text"), out_paths=("i", "out")
    )
    transformation = Transformation.of(IN_SCHEMA, OUT_SCHEMA, function)
    return Job(
        transformation=transformation,
        tenant=tenant,
        function_version="1",
        limits=limits,
        capture_output=True,
    )


def records(texts: Sequence[str]) -> bytes:
    return json.dumps(
        [{"i": i, "attack": i == ATTACKED, "text": text} for i, text in enumerate(texts)]
    ).encode()


async def attack(client: Client, payload: Payload, mode: Mode, tokens: Mapping[str, str]) -> Story:
    """Let a payload loose on the second of three records."""
    source = filled(payload.source, tokens)
    expected = payload.expected[mode]
    found = None
    for seconds in HUNTED_SECONDS if Layer.TIME in expected.layers else (PATIENT.record_seconds,):
        found = await run(client, payload.language, source, seconds)
        if expected.says in found.attacked.text and (
            payload.spoils_all or not found.spoilt_by_time
        ):
            break
    assert found is not None
    return found


async def run(client: Client, language: Language, source: str, seconds: float) -> Story:
    """Apply a source to three records, of which it may attack on the second."""
    limits = replace(PATIENT, record_seconds=seconds, load_seconds=max(seconds, LOAD_SECONDS))
    attacking = job(language, source, "attacker", limits)
    try:
        answer = await client.transform_json(attacking, records(["a", "b", "c"]), Purpose.IMPORT)
    except FunctionRefusedError as error:
        compiled = await client.compile(
            attacking.transformation, tenant="attacker", limits=attacking.limits
        )
        [diagnostic] = compiled.diagnostics
        ending = Ending(
            layer=layer_of(diagnostic.code, diagnostic.message), text=diagnostic.message
        )
        return Story(endings=(ending,) * 3, said=f"{error} {diagnostic}", refused=True)
    except LimitError as error:
        ending = Ending(layer=Layer.LIMIT, text=str(error))
        return Story(endings=(ending,) * 3, said=str(error), refused=True)
    except BatchStoppedError as error:
        layer = Layer.TIME if error.limit == "batch_seconds" else Layer.CRASH
        ending = Ending(layer=layer, text=str(error))
        return Story(endings=(ending,) * 3, said=str(error))
    return _story(answer)


def _story(answer: Transformed[bytes]) -> Story:
    content = answer.content.decode()
    endings: list[Ending | None] = [None] * 3
    for rejection in answer.rejections:
        assert endings[rejection.position] is None, "a record was rejected twice"
        endings[rejection.position] = Ending(
            layer=layer_of(rejection.code, rejection.message), text=rejection.message
        )
    given = iter(json.loads(content))
    whole = tuple(
        Ending(layer=Layer.HARMLESS, text=as_json(next(given))) if ending is None else ending
        for ending in endings
    )
    assert next(given, None) is None, "more results than records"
    return Story(endings=whole, said=f"{content} {answer.rejections} {answer.captured}")


def fine(position: int) -> Ending:
    """How a record that nobody attacks on ends."""
    return Ending(layer=Layer.HARMLESS, text=as_json({"i": position, "out": "fine"}))


NEIGHBOURS: Final = {
    Language.PYTHON: "KEPT = []\ndef transform(record):\n    KEPT.append(record['text'])\n"
    "    return {'i': record['i'], 'out': KEPT[-1][::-1]}\n",
    Language.JAVASCRIPT: "const kept = []; function transform(record) { kept.push(record.text);"
    " return {i: record.i, out: [...kept.at(-1)].reverse().join('')}; }",
}
"""Functions of another tenant, who keeps a secret in each guest."""


async def ask_neighbours(client: Client, secret: str) -> None:
    """See that functions and records of another tenant are as they should be."""
    for language, source in NEIGHBOURS.items():
        answer = await client.transform_json(
            job(language, source, "neighbour"), records([secret] * 3), Purpose.IMPORT
        )
        assert answer.rejections == ()
        assert json.loads(answer.content) == [{"i": i, "out": secret[::-1]} for i in range(3)]
