from runtime.v1 import batch_pb2 as _batch_pb2
from runtime.v1 import diagnostic_pb2 as _diagnostic_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Language(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANGUAGE_UNSPECIFIED: _ClassVar[Language]
    LANGUAGE_JAVASCRIPT: _ClassVar[Language]
    LANGUAGE_PYTHON: _ClassVar[Language]
LANGUAGE_UNSPECIFIED: Language
LANGUAGE_JAVASCRIPT: Language
LANGUAGE_PYTHON: Language

class Transformation(_message.Message):
    __slots__ = ("input_schema", "output_schema", "mapping", "function")
    INPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    MAPPING_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    input_schema: str
    output_schema: str
    mapping: Mapping
    function: Function
    def __init__(self, input_schema: _Optional[str] = ..., output_schema: _Optional[str] = ..., mapping: _Optional[_Union[Mapping, _Mapping]] = ..., function: _Optional[_Union[Function, _Mapping]] = ...) -> None: ...

class Mapping(_message.Message):
    __slots__ = ("expressions", "time_layouts")
    class ExpressionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    TIME_LAYOUTS_FIELD_NUMBER: _ClassVar[int]
    expressions: _containers.ScalarMap[str, str]
    time_layouts: TimeLayouts
    def __init__(self, expressions: _Optional[_Mapping[str, str]] = ..., time_layouts: _Optional[_Union[TimeLayouts, _Mapping]] = ...) -> None: ...

class TimeLayouts(_message.Message):
    __slots__ = ("datetime", "date", "time")
    DATETIME_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    datetime: str
    date: str
    time: str
    def __init__(self, datetime: _Optional[str] = ..., date: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class Function(_message.Message):
    __slots__ = ("language", "source", "preserve_json", "in_paths", "out_paths")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_JSON_FIELD_NUMBER: _ClassVar[int]
    IN_PATHS_FIELD_NUMBER: _ClassVar[int]
    OUT_PATHS_FIELD_NUMBER: _ClassVar[int]
    language: Language
    source: str
    preserve_json: bool
    in_paths: _containers.RepeatedScalarFieldContainer[str]
    out_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, language: _Optional[_Union[Language, str]] = ..., source: _Optional[str] = ..., preserve_json: _Optional[bool] = ..., in_paths: _Optional[_Iterable[str]] = ..., out_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class CompileTransformationRequest(_message.Message):
    __slots__ = ("transformation", "tenant", "limits")
    TRANSFORMATION_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    transformation: Transformation
    tenant: str
    limits: _batch_pb2.Limits
    def __init__(self, transformation: _Optional[_Union[Transformation, _Mapping]] = ..., tenant: _Optional[str] = ..., limits: _Optional[_Union[_batch_pb2.Limits, _Mapping]] = ...) -> None: ...

class CompileTransformationResponse(_message.Message):
    __slots__ = ("diagnostics", "in_paths", "out_paths")
    DIAGNOSTICS_FIELD_NUMBER: _ClassVar[int]
    IN_PATHS_FIELD_NUMBER: _ClassVar[int]
    OUT_PATHS_FIELD_NUMBER: _ClassVar[int]
    diagnostics: _containers.RepeatedCompositeFieldContainer[_diagnostic_pb2.Diagnostic]
    in_paths: _containers.RepeatedScalarFieldContainer[str]
    out_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, diagnostics: _Optional[_Iterable[_Union[_diagnostic_pb2.Diagnostic, _Mapping]]] = ..., in_paths: _Optional[_Iterable[str]] = ..., out_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class TransformBatchRequest(_message.Message):
    __slots__ = ("transformation", "payload", "purposes", "tenant", "function_version", "limits", "capture_output")
    TRANSFORMATION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    transformation: Transformation
    payload: _batch_pb2.Payload
    purposes: _containers.RepeatedScalarFieldContainer[_batch_pb2.Purpose]
    tenant: str
    function_version: str
    limits: _batch_pb2.Limits
    capture_output: bool
    def __init__(self, transformation: _Optional[_Union[Transformation, _Mapping]] = ..., payload: _Optional[_Union[_batch_pb2.Payload, _Mapping]] = ..., purposes: _Optional[_Iterable[_Union[_batch_pb2.Purpose, str]]] = ..., tenant: _Optional[str] = ..., function_version: _Optional[str] = ..., limits: _Optional[_Union[_batch_pb2.Limits, _Mapping]] = ..., capture_output: _Optional[bool] = ...) -> None: ...

class TransformBatchResponse(_message.Message):
    __slots__ = ("payload", "rejections", "timings", "captured_outputs")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    payload: _batch_pb2.Payload
    rejections: _containers.RepeatedCompositeFieldContainer[_diagnostic_pb2.Rejection]
    timings: _batch_pb2.Timings
    captured_outputs: _containers.RepeatedCompositeFieldContainer[_batch_pb2.CapturedOutput]
    def __init__(self, payload: _Optional[_Union[_batch_pb2.Payload, _Mapping]] = ..., rejections: _Optional[_Iterable[_Union[_diagnostic_pb2.Rejection, _Mapping]]] = ..., timings: _Optional[_Union[_batch_pb2.Timings, _Mapping]] = ..., captured_outputs: _Optional[_Iterable[_Union[_batch_pb2.CapturedOutput, _Mapping]]] = ...) -> None: ...
