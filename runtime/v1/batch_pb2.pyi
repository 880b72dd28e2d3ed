from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCODING_UNSPECIFIED: _ClassVar[Encoding]
    ENCODING_ARROW_STREAM: _ClassVar[Encoding]
    ENCODING_JSON_RECORDS: _ClassVar[Encoding]

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_IMPORT: _ClassVar[Purpose]
    PURPOSE_CREATE: _ClassVar[Purpose]
    PURPOSE_UPDATE: _ClassVar[Purpose]
ENCODING_UNSPECIFIED: Encoding
ENCODING_ARROW_STREAM: Encoding
ENCODING_JSON_RECORDS: Encoding
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_IMPORT: Purpose
PURPOSE_CREATE: Purpose
PURPOSE_UPDATE: Purpose

class Payload(_message.Message):
    __slots__ = ("encoding", "content")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    encoding: Encoding
    content: bytes
    def __init__(self, encoding: _Optional[_Union[Encoding, str]] = ..., content: _Optional[bytes] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("record_seconds", "batch_seconds", "load_seconds", "start_seconds", "waiting_seconds", "memory_bytes", "record_output_bytes", "batch_output_bytes", "log_bytes", "source_chars", "batch_records", "batch_bytes", "batch_kills", "minute_kills")
    RECORD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LOAD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WAITING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    RECORD_OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    BATCH_OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    LOG_BYTES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_CHARS_FIELD_NUMBER: _ClassVar[int]
    BATCH_RECORDS_FIELD_NUMBER: _ClassVar[int]
    BATCH_BYTES_FIELD_NUMBER: _ClassVar[int]
    BATCH_KILLS_FIELD_NUMBER: _ClassVar[int]
    MINUTE_KILLS_FIELD_NUMBER: _ClassVar[int]
    record_seconds: float
    batch_seconds: float
    load_seconds: float
    start_seconds: float
    waiting_seconds: float
    memory_bytes: int
    record_output_bytes: int
    batch_output_bytes: int
    log_bytes: int
    source_chars: int
    batch_records: int
    batch_bytes: int
    batch_kills: int
    minute_kills: int
    def __init__(self, record_seconds: _Optional[float] = ..., batch_seconds: _Optional[float] = ..., load_seconds: _Optional[float] = ..., start_seconds: _Optional[float] = ..., waiting_seconds: _Optional[float] = ..., memory_bytes: _Optional[int] = ..., record_output_bytes: _Optional[int] = ..., batch_output_bytes: _Optional[int] = ..., log_bytes: _Optional[int] = ..., source_chars: _Optional[int] = ..., batch_records: _Optional[int] = ..., batch_bytes: _Optional[int] = ..., batch_kills: _Optional[int] = ..., minute_kills: _Optional[int] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("waiting_seconds", "starting_seconds", "executing_seconds", "encoding_seconds")
    WAITING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STARTING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    waiting_seconds: float
    starting_seconds: float
    executing_seconds: float
    encoding_seconds: float
    def __init__(self, waiting_seconds: _Optional[float] = ..., starting_seconds: _Optional[float] = ..., executing_seconds: _Optional[float] = ..., encoding_seconds: _Optional[float] = ...) -> None: ...

class CapturedOutput(_message.Message):
    __slots__ = ("position", "text")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    position: int
    text: str
    def __init__(self, position: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...
