"""Payloads to records or columns and back, by schema; what comes in is of unknown origin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never, cast

import msgspec

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.json_records.read import read_records
from mapping_lang.json_records.write import write_records
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import check_size
from mapping_lang.types.codec.fast import decoder_for
from mapping_lang.types.errors import LayoutError, ValueRefusedError, format_value_path
from mapping_lang.types.json_text import validate
from mapping_lang.types.kinds import ObjectType, Schema
from mapping_lang.types.values import Record
from runtime.contract import Encoding, Payload
from runtime.errors import BatchRefusedError
from runtime.limits import Limits

Content: TypeAlias = Batch | list[Record]
"""Records in the form in which they came."""

MIN_COLUMNS_BYTES: Final = 64 * 1024
MIN_COLUMNS_RECORDS: Final = 200
"""Fewer are as fast by record: a column costs the same however short it is."""

_OBJECTS: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The records of a payload that are of its schema, and a rejection for each other one."""

    content: Content
    positions: list[int] | None = None
    """Where in the payload the records were; none says that all are here."""
    rejections: tuple[Rejection, ...] = ()
    num_received: int

    def pruned_to(self, schema: Schema) -> Content:
        """Give the records with the properties of a pruned schema only."""
        if isinstance(self.content, Batch):
            batch = self.content
            return batch if batch.schema == schema else batch.prune(schema)
        return [_pruned(record, schema) for record in self.content]

    def position(self, index: int) -> int:
        """Give the position in the payload of a record that is here."""
        return index if self.positions is None else self.positions[index]


def receive(payload: Payload, schema: Schema, limits: Limits) -> Received:
    """Read a payload of a schema; what is wrong with one record of JSON is that record's own."""
    limits.check_batch(0, len(payload.content))
    match payload.encoding:
        case Encoding.ARROW_STREAM:
            received = _receive_batch(payload, schema, limits)
        case Encoding.JSON_RECORDS:
            received = _receive_json(bytes(payload.content), schema, limits)
        case _:
            assert_never(payload.encoding)
    limits.check_batch(received.num_received, len(payload.content))
    return received


def receive_for_columns(payload: Payload, schema: Schema, limits: Limits) -> Received:
    """Read the same for whoever works by column, in columns unless there are few records."""
    content = payload.content
    of_json = payload.encoding is Encoding.JSON_RECORDS
    # Without properties there are no columns to tell how many records there are.
    if of_json and schema.properties and len(content) >= MIN_COLUMNS_BYTES:
        limits.check_batch(0, len(content))
        text = bytes(content)
        batch = read_records(schema, text, max_records=int(limits.batch_records))
        if batch is not None:
            return Received(content=batch, num_received=batch.num_records)
    received = receive(payload, schema, limits)
    records = received.content
    if isinstance(records, Batch) or len(records) < MIN_COLUMNS_RECORDS:
        return received
    return replace(received, content=Batch.from_records(schema, records))


def send(
    content: Content,
    schema: Schema,
    encoding: Encoding,
    check_size: Callable[[int], None] | None = None,
) -> Payload:
    """Write records that are valid for a schema; `check_size` sees how much they have become."""
    match encoding:
        case Encoding.ARROW_STREAM:
            batch = content if isinstance(content, Batch) else Batch.from_records(schema, content)
            pieces = batch.to_pieces()
            if check_size is not None:
                check_size(len(pieces))
            return Payload(encoding, pieces)
        case Encoding.JSON_RECORDS:
            if not isinstance(content, Batch):
                return Payload(encoding, encoder_for(schema).encode_array(content))
            texts: list[bytes] = []
            size = 1
            for text in write_records(content):
                texts.append(text)
                size += len(text) - 1
                if check_size is not None:
                    check_size(size)
            return Payload(encoding, joined(texts))
        case _:
            assert_never(encoding)


def joined(texts: Sequence[bytes]) -> bytes:
    """Put JSON arrays one after the other; there is at least one."""
    if len(texts) == 1:
        return texts[0]
    return b"[%b]" % b",".join(memoryview(text)[1:-1] for text in texts if text != b"[]")


def _receive_batch(payload: Payload, schema: Schema, limits: Limits) -> Received:
    try:
        batch = Batch.from_bytes(schema, payload.content, max_bytes=int(limits.batch_bytes))
    except LayoutError as error:
        raise BatchRefusedError(
            error.message, code=error.code.value, path=".".join(error.column)
        ) from None
    except ValueRefusedError as error:
        raise BatchRefusedError(
            error.message, code=error.code.value, path=format_value_path(error.path)
        ) from None
    return Received(content=batch, num_received=batch.num_records)


def _receive_json(content: bytes, schema: Schema, limits: Limits) -> Received:
    try:
        found = _decode_each(content, schema, limits)
    except ValueRefusedError as error:
        raise BatchRefusedError(
            f"the payload is no array of objects: {error}", code=error.code.value
        ) from None
    if set(map(type, found)) == {dict}:
        return Received(content=cast(list[Record], found), num_received=len(found))
    records: list[Record] = []
    positions: list[int] = []
    rejections: list[Rejection] = []
    for position, outcome in enumerate(found):
        if isinstance(outcome, ValueRefusedError):
            rejection = Rejection.refused(position, Step.VALIDATE_INPUT, _of_record(outcome))
            rejections.append(rejection)
        else:
            records.append(outcome)
            positions.append(position)
    return Received(
        content=records,
        positions=positions if rejections else None,
        rejections=tuple(rejections),
        num_received=len(found),
    )


def _decode_each(
    content: bytes, schema: Schema, limits: Limits
) -> list[Record | ValueRefusedError]:
    def check_count(records: int) -> None:
        limits.check_batch(records, len(content))

    if schema.properties:
        return decoder_for(schema).decode_each(content, check_count)
    # The codec has no decoder of a schema without properties.
    check_size(content)
    try:
        objects = _OBJECTS.decode(content)
        validate(content.decode())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueRefusedError(Code.VALUE_SYNTAX, str(error)) from None
    check_count(len(objects))
    return [_empty_record(bytes(text)) for text in objects]


def _empty_record(text: bytes) -> Record | ValueRefusedError:
    if text[:1] == b"{" and not text[1:-1].strip(b" \t\r\n"):
        return {}
    return ValueRefusedError(
        Code.VALUE_PROPERTY_UNKNOWN, "the schema has no properties, expected an empty object"
    )


def _of_record(error: ValueRefusedError) -> ValueRefusedError:
    """See a refusal from inside its record: the array around it is only the payload's."""
    if error.path and isinstance(error.path[0], int):
        return ValueRefusedError(error.code, error.message, limit=error.limit, path=error.path[1:])
    return error


def moved(rejection: Rejection, position: int) -> Rejection:
    """Give the same rejection at another position."""
    return replace(rejection, position=position)


def _pruned(record: Record, schema: Schema) -> Record:
    kept: Record = {}
    for item in schema.properties:
        if item.name in record:
            value = record[item.name]
            if isinstance(item.type, ObjectType) and isinstance(value, dict):
                value = _pruned(value, item.type)
            kept[item.name] = value
    return kept
