"""A transformation applied to sample records, and an expression checked: nothing is saved."""

from typing import Final

import msgspec

from api.errors import BadRequestError
from api.http.model import read_schema
from api.transformations.schemas import (
    ExpressionBody,
    ExpressionCheck,
    Mistake,
    PurposeName,
    Trial,
    TrialBody,
    TrialFunction,
    TrialOutput,
    TrialRejection,
    TrialResult,
    TrialTimings,
)
from api.transformer.refusals import line_and_column
from api.transformer.transformer import Transformer
from mapping_lang.batch import Rejection
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import ObjectType, Property, Type
from mapping_lang.types.schema import Purpose
from mapping_lang.types.schemas.decode import decode_type
from runtime.client import Job
from runtime.contract import Body, Function, Mapping, Transformation, Transformed

VERSION: Final = "trial"
"""Guests are never shared with functions that are saved."""

_VALUE: Final = "value"
_PURPOSES: Final = {
    PurposeName.IMPORT: Purpose.IMPORT,
    PurposeName.CREATE: Purpose.CREATE,
    PurposeName.UPDATE: Purpose.UPDATE,
}
_records: Final = msgspec.json.Decoder(list[msgspec.Raw])


async def apply(body: TrialBody, transformer: Transformer, tenant: str) -> Trial:
    """Apply a transformation to sample records; one with mistakes is refused."""
    transformation = Transformation.of(
        read_schema("inSchema", body.in_schema),
        read_schema("outSchema", body.out_schema),
        _body(body),
    )
    await transformer.check(transformation, tenant=tenant)
    job = Job(
        transformation=transformation,
        tenant=tenant,
        function_version=VERSION,
        capture_output=True,
    )
    records = b"[" + b",".join(bytes(each) for each in body.records) + b"]"
    applied = await transformer.apply(job, records, _PURPOSES[body.purpose])
    return _trial(len(body.records), applied)


async def check_expression(
    body: ExpressionBody, transformer: Transformer, tenant: str
) -> ExpressionCheck:
    """Check an expression as the only one of a mapping."""
    given = Property(_VALUE, _type(body.type), nullable=body.nullable)
    transformation = Transformation.of(
        read_schema("inSchema", body.in_schema),
        ObjectType((given,)),
        Mapping(expressions=((_VALUE, body.expression),)),
    )
    compiled = await transformer.compile(transformation, tenant=tenant)
    return ExpressionCheck(
        valid=not compiled.diagnostics,
        mistakes=[_mistake(body.expression, each) for each in compiled.diagnostics],
        properties=list(compiled.in_paths),
    )


def _body(body: TrialBody) -> Body:
    match body.transformation.mapping, body.transformation.function:
        case dict(mapping), None:
            return Mapping(expressions=tuple(sorted(mapping.items())))
        case None, TrialFunction() as function:
            return Function(
                language=function.language,
                source=function.source,
                in_paths=tuple(sorted(function.in_paths)),
                out_paths=tuple(sorted(function.out_paths)),
                preserve_json=function.preserve_json,
            )
        case _:
            raise BadRequestError("`transformation` needs a mapping or a function, and not both")


def _type(written: msgspec.Raw) -> Type:
    try:
        return decode_type(bytes(written))
    except SchemaError as error:
        mistake = error.diagnostic
        raise BadRequestError(
            f"`type` is not a valid type: {mistake.message}", cause=str(mistake)
        ) from None


def _trial(num_records: int, applied: Transformed[bytes]) -> Trial:
    rejected = {each.position for each in applied.rejections}
    survivors = [position for position in range(num_records) if position not in rejected]
    timings = applied.timings
    return Trial(
        results=[
            TrialResult(position=position, record=record)
            for position, record in zip(survivors, _records.decode(applied.content), strict=True)
        ],
        rejections=[_rejection(each) for each in applied.rejections],
        output=[TrialOutput(position=each.position, text=each.text) for each in applied.captured],
        timings=TrialTimings(
            waiting_seconds=timings.waiting,
            starting_seconds=timings.starting,
            executing_seconds=timings.executing,
            encoding_seconds=timings.encoding,
        ),
    )


def _rejection(found: Rejection) -> TrialRejection:
    return TrialRejection(
        position=found.position,
        code=found.code.value,
        failure_class=found.failure_class,
        step=found.step,
        path=found.path,
        line=found.line,
        column=found.column,
        message=found.message,
        hint=found.hint,
    )


def _mistake(expression: str, found: Diagnostic) -> Mistake:
    span = found.span
    line, column = (None, None) if span is None else line_and_column(expression, span.start)
    return Mistake(
        code=found.code.value,
        message=found.message,
        line=line,
        column=column,
        start=None if span is None else span.start,
        end=None if span is None else span.end,
        expected=found.expected,
        found=found.found,
        hint=found.hint,
    )
