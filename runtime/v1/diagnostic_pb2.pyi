from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FailureClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_CLASS_UNSPECIFIED: _ClassVar[FailureClass]
    FAILURE_CLASS_USER: _ClassVar[FailureClass]
    FAILURE_CLASS_DATA: _ClassVar[FailureClass]
    FAILURE_CLASS_PLATFORM: _ClassVar[FailureClass]
    FAILURE_CLASS_CAPACITY: _ClassVar[FailureClass]

class Step(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_UNSPECIFIED: _ClassVar[Step]
    STEP_VALIDATE_INPUT: _ClassVar[Step]
    STEP_TRANSFORM: _ClassVar[Step]
    STEP_VALIDATE_OUTPUT: _ClassVar[Step]
FAILURE_CLASS_UNSPECIFIED: FailureClass
FAILURE_CLASS_USER: FailureClass
FAILURE_CLASS_DATA: FailureClass
FAILURE_CLASS_PLATFORM: FailureClass
FAILURE_CLASS_CAPACITY: FailureClass
STEP_UNSPECIFIED: Step
STEP_VALIDATE_INPUT: Step
STEP_TRANSFORM: Step
STEP_VALIDATE_OUTPUT: Step

class Diagnostic(_message.Message):
    __slots__ = ("code", "message", "span", "pointer", "expected", "found", "hint")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    POINTER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    span: Span
    pointer: str
    expected: str
    found: str
    hint: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., span: _Optional[_Union[Span, _Mapping]] = ..., pointer: _Optional[str] = ..., expected: _Optional[str] = ..., found: _Optional[str] = ..., hint: _Optional[str] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("position", "code", "failure_class", "step", "path", "line", "column", "message", "hint")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_CLASS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    position: int
    code: str
    failure_class: FailureClass
    step: Step
    path: str
    line: int
    column: int
    message: str
    hint: str
    def __init__(self, position: _Optional[int] = ..., code: _Optional[str] = ..., failure_class: _Optional[_Union[FailureClass, str]] = ..., step: _Optional[_Union[Step, str]] = ..., path: _Optional[str] = ..., line: _Optional[int] = ..., column: _Optional[int] = ..., message: _Optional[str] = ..., hint: _Optional[str] = ...) -> None: ...
