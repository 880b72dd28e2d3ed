"""Applies a transformation to batches, as the service does; no record costs the others theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code, FailureClass
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.contract import (
    CapturedOutput,
    Encoding,
    Payload,
    Timings,
    TransformCall,
    Transformed,
)
from runtime.errors import LimitError
from runtime.standalone.definition import Definition
from runtime.standalone.engines import TENANT
from runtime.transformation import Transformer

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of some records; positions are those among them."""

    results: list[bytes] = field(default_factory=list)
    """The surviving records as JSON, in order."""

    rejections: list[Rejection] = field(default_factory=list)
    captured: list[CapturedOutput] = field(default_factory=list)
    timings: Timings = field(default_factory=Timings)


class Applier:
    """Applies one transformation for one purpose."""

    def __init__(
        self,
        transformer: Transformer,
        definition: Definition,
        purpose: Purpose,
        *,
        captures_output: bool = False,
    ) -> None:
        self._transformer = transformer
        self._definition = definition
        self._purpose = purpose
        self._captures_output = captures_output
        self._result_schema = definition.transformation.result_schema()
        self._encoder = encoder_for(self._result_schema)

    def apply(self, records: Sequence[Record]) -> Applied:
        """Apply it to records of the input schema; errors are those of the whole batch."""
        try:
            done = self._transform(records)
        except LimitError as error:
            if len(records) == 1:
                return Applied(rejections=[_too_much(error)])
            # Too much together, perhaps because of one of them.
            middle = len(records) // 2
            return _joined(middle, self.apply(records[:middle]), self.apply(records[middle:]))
        survivors = Batch.from_bytes(self._result_schema, done.content.content).to_records()
        return Applied(
            results=[bytes(text) for text in _ARRAY.decode(self._encoder.encode_array(survivors))],
            rejections=list(done.rejections),
            captured=list(done.captured),
            timings=done.timings,
        )

    def _transform(self, records: Sequence[Record]) -> Transformed[Payload]:
        batch = Batch.from_records(self._definition.in_schema, records)
        call = TransformCall(
            transformation=self._definition.transformation,
            payload=Payload(Encoding.ARROW_STREAM, batch.to_bytes()),
            purposes=self._purpose,
            tenant=TENANT,
            capture_output=self._captures_output,
        )
        return self._transformer.transform(call)


def _too_much(error: LimitError) -> Rejection:
    return Rejection(
        position=0,
        step=Step.TRANSFORM,
        code=Code.VALUE_LIMIT,
        message=f"the record is too large for a batch of its own: {error}",
        failure_class=FailureClass.DATA,
    )


def _joined(middle: int, first: Applied, second: Applied) -> Applied:
    return Applied(
        results=first.results + second.results,
        rejections=first.rejections
        + [each.at(each.position + middle) for each in second.rejections],
        captured=first.captured
        + [replace(each, position=each.position + middle) for each in second.captured],
        timings=first.timings + second.timings,
    )
