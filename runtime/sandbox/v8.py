"""V8 through the C entry points of mini-racer: no event loop, no object per value.

mini-racer's own classes cost 150 microseconds a call, this 25. The entry points belong to exactly
one release, which `pyproject.toml` pins.
"""

import _thread
import ctypes
import itertools
from collections.abc import Callable
from typing import Final, TypeAlias

from py_mini_racer._dll import MR_CALLBACK, _RawValue, init_mini_racer
from py_mini_racer._objects import _MiniRacerTypes as Tag

Handle: TypeAlias = "ctypes._Pointer[_RawValue]"  # noqa: SLF001 - its name for type checkers
"""A value inside V8, as mini-racer hands it out."""

Value: TypeAlias = bytes | int | float | None

FLAGS: Final = (
    # Forking is safe only while V8 has no thread of its own.
    "--single-threaded",
    # Patterns that would backtrack for ever are matched in linear time.
    "--enable-experimental-regexp-engine-on-excessive-backtracks",
    # Last, because V8 ignores every flag after one that it does not know: see `check_flags`.
    "--disallow-code-generation-from-strings",
)

_ERRORS: Final = frozenset(
    {
        Tag.parse_exception,
        Tag.execute_exception,
        Tag.terminated_exception,
        Tag.timeout_exception,
        Tag.value_exception,
        Tag.key_exception,
    }
)


class JavaScriptError(Exception):
    """What was thrown, as V8 prints it."""

    def __init__(self, text: str, *, is_syntax: bool) -> None:
        super().__init__(text)
        self.text = text
        self.is_syntax = is_syntax


class OutOfMemoryError(Exception):
    """The heap's limit was reached; the isolate may not be usable any more."""


class FlagsError(Exception):
    """V8 does not know one of our flags, and so ignored all that follow it."""


def start() -> ctypes.CDLL:
    """Start V8 in a zygote: without an isolate there is no thread, and forking is safe."""
    return init_mini_racer(flags=FLAGS)


class Isolate:
    """One isolate with one context, in a thread of its own; calls are made one at a time.

    `at_heap_end` is called in that thread as soon as V8 says that its heap has ended: what is asked
    of it after that may never be answered.
    """

    def __init__(
        self, library: ctypes.CDLL, heap_bytes: int, at_heap_end: Callable[[], object]
    ) -> None:
        self._library = library
        self._at_heap_end = at_heap_end
        self._answered = _thread.allocate_lock()
        self._answered.acquire()
        self._answer: Handle | None = None
        self._numbers = itertools.count(1)
        self._attached = False
        self._callback = MR_CALLBACK(self._receive)  # kept: V8 holds only its address
        self._context = library.mr_init_context(self._callback)
        library.mr_set_hard_memory_limit(self._context, heap_bytes)
        self._undefined = library.mr_alloc_int_val(self._context, 0, Tag.undefined)

    def check_flags(self) -> None:
        probe = "try { eval('1'); 'allowed' } catch (error) { error.name }"
        if self.evaluate(probe) != b"EvalError":
            raise FlagsError(f"V8 ignored some of {' '.join(FLAGS)}")

    def evaluate(self, source: str) -> Value:
        """Run a script in the global scope; gives its value as far as Python has the like."""
        text = self._text(source.encode())
        try:
            return self._value(self._wait(self._library.mr_eval, text))
        finally:
            self._library.mr_free_value(self._context, text)

    def call(self, function: Handle, arguments: Handle) -> Value:
        """Call a function handle with an array handle."""
        return self._value(
            self._wait(self._library.mr_call_function, function, self._undefined, arguments)
        )

    def call_on(self, function: Handle, text: bytes, arguments: Handle) -> Value:
        """Call a strict function whose `this` is a text, and wait until all that runs has ended.

        What promises run is included. To put the text anywhere would take a turn more.
        """
        this = self._text(text)
        try:
            number = next(self._numbers)
            self._library.mr_call_function(self._context, function, this, arguments, number)
            # Any answer from the isolate's own thread says that it has ended the call and what
            # came after it; this is the cheapest to have. To ask before the call has answered
            # wakes nobody in between.
            ended = self._library.mr_get_identity_hash(self._context, arguments)
            self._library.mr_free_value(self._context, ended)
            found = self._value(self._taken())
            if self._library.mr_hard_memory_limit_reached(self._context):
                raise OutOfMemoryError
            return found
        finally:
            self._library.mr_free_value(self._context, this)

    def set_text(self, array: Handle, index: int, text: bytes) -> None:
        value = self._text(text)
        self.set_item(array, index, value)
        self._library.mr_free_value(self._context, value)

    def set_item(self, array: Handle, index: int, value: Handle) -> None:
        key = self._library.mr_alloc_int_val(self._context, index, Tag.integer)
        result = self._library.mr_set_object_item(self._context, array, key, value)
        self._library.mr_free_value(self._context, result)
        self._library.mr_free_value(self._context, key)

    def handle(self, source: str) -> Handle:
        """Run a script and keep its value, whatever it is, as a handle."""
        text = self._text(source.encode())
        raw = self._wait(self._library.mr_eval, text)
        self._library.mr_free_value(self._context, text)
        if raw.contents.type in _ERRORS or raw.contents.type == Tag.oom_exception:
            self._value(raw)  # raises
        return raw

    def _text(self, text: bytes) -> Handle:
        found: Handle = self._library.mr_alloc_string_val(
            self._context, text, len(text), Tag.str_utf8
        )
        return found

    def _receive(self, _number: int, raw: Handle) -> None:
        if not self._attached:
            # Python would make and drop what it knows of this thread around every answer, and an
            # answer that finds no memory for it is lost. One more hold, and it stays.
            ctypes.pythonapi.PyGILState_Ensure()
            self._attached = True
        if raw.contents.type == Tag.oom_exception:
            self._at_heap_end()
        self._answer = raw
        self._answered.release()

    def _wait(self, call: Callable[..., object], *arguments: Handle) -> Handle:
        call(self._context, *arguments, next(self._numbers))
        return self._taken()

    def _taken(self) -> Handle:
        # Without a limit: the host watches the time, and its signal cannot be missed.
        self._answered.acquire()
        if self._answer is None:
            raise RuntimeError("V8 answered nothing")
        return self._answer

    def _value(self, raw: Handle) -> Value:
        content = raw.contents
        tag = content.type
        try:
            if tag == Tag.str_utf8:
                return ctypes.string_at(content.value.bytes_val, content.len)
            if tag == Tag.oom_exception or self._library.mr_hard_memory_limit_reached(
                self._context
            ):
                raise OutOfMemoryError
            if tag in _ERRORS:
                text = ctypes.string_at(content.value.bytes_val, content.len)
                raise JavaScriptError(
                    text.decode(errors="replace"), is_syntax=tag == Tag.parse_exception
                )
            found: Value = None
            if tag in {Tag.integer, Tag.bool}:
                found = content.value.int_val
            elif tag == Tag.double:
                found = content.value.double_val
            return found
        finally:
            self._library.mr_free_value(self._context, raw)


def buffer_address(buffer: Handle) -> int:
    """Where the bytes of an ArrayBuffer lie."""
    return int(buffer.contents.value.value_ptr)
