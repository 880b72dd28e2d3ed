"""Inside the wall: JavaScript functions."""

import ctypes
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from runtime.limits import MIB
from runtime.sandbox import v8
from runtime.sandbox.interface import (
    CURSOR_READING,
    MAX_MESSAGE_CHARS,
    ROOM_SHARE,
    ExitCode,
    Function,
    Loaded,
    Refusal,
    SourceError,
)
from runtime.sandbox.kernel import map_page

FILE_NAME: Final = "function.js"
"""What stacks call the user's source; the harness looks for the same name."""

NO_ROOM: Final = 0
"""What the harness answers when a record left no memory for the others."""

HARNESS: Final = Path(__file__).with_suffix(".js")

_FIRST_LINE: Final = re.compile(r"(?:function\.js|<anonymous>):(\d+): (.*)")
_STACK_PLACE: Final = re.compile(r"function\.js:(\d+):(\d+)")
_CARET: Final = re.compile(r"^( *)\^+$", re.MULTILINE)


class JavaScriptGuesthouse:
    """V8, started but without an isolate: that would be a thread, which no fork survives."""

    # The heap has its own limit; beyond it V8 keeps code, stacks, and the page that is collected.
    overhead_bytes = 64 * MIB

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._harness = ""

    def prepare(self) -> None:
        self._library = v8.start()
        self._harness = HARNESS.read_text()

    def open(self, page_descriptor: int, memory_bytes: int) -> "JavaScriptEngine":
        if self._library is None:
            raise RuntimeError("prepare() comes first")
        isolate = v8.Isolate(self._library, memory_bytes, lambda: os._exit(ExitCode.NO_MEMORY))
        isolate.check_flags()
        room_bytes = memory_bytes // ROOM_SHARE
        return JavaScriptEngine(isolate, self._harness, page_descriptor, room_bytes)


class JavaScriptEngine:
    """V8 in one guest, with the harness in place."""

    def __init__(
        self, isolate: v8.Isolate, harness: str, page_descriptor: int, room_bytes: int
    ) -> None:
        self._isolate = isolate
        self._room_bytes = room_bytes
        # Under a name for a moment: nobody else runs yet.
        isolate.evaluate(f"globalThis.$kiln = {harness}; undefined")
        self._buffer = isolate.handle("$kiln[0]")
        self._set_function = isolate.handle("$kiln[2]")
        self._run = isolate.handle("$kiln[3]")
        self._withhold = isolate.handle("$kiln[4]")
        self._arguments = isolate.handle("[]")
        # The shared page takes the place of a page of the buffer: what JavaScript writes is in the
        # host's hands at once, even if the next instruction brings V8 down.
        address = v8.buffer_address(self._buffer)
        page_bytes = os.sysconf("SC_PAGE_SIZE")
        offset = -address % page_bytes
        map_page(page_descriptor, address + offset)
        isolate.evaluate(f"$kiln[1]({offset}); delete globalThis.$kiln; undefined")
        self._cursor = ctypes.c_int32.from_address(address + offset)
        self._cursor.value = CURSOR_READING

    def load(self, function: Function) -> Loaded:
        if function.language_policy:
            self._isolate.call(self._withhold, self._arguments)
        # Ours, and before the user's: what it captures is still what it should be.
        reader = self._isolate.handle(function.reader or "null")
        writer = self._isolate.handle(function.writer or "null")
        try:
            # The newline ends a comment of the user's (FUNC-D8).
            self._isolate.evaluate(f"{function.source}\n//# sourceURL={FILE_NAME}")
            if self._isolate.evaluate("typeof transform") == b"undefined":
                message = "the source defines no function `transform`"
                raise SourceError(Refusal("missing", message))
            transform = self._isolate.handle("transform")
        except v8.JavaScriptError as error:
            raise SourceError(refusal_of(error)) from None
        except v8.OutOfMemoryError:
            os._exit(ExitCode.NO_MEMORY)
        arguments = self._isolate.handle("[null, null, null, null, null]")
        settings = msgspec.json.encode(
            msgspec.structs.replace(function, source="", reader="", writer="")
        )
        self._isolate.set_item(arguments, 0, transform)
        self._isolate.set_text(arguments, 1, settings)
        self._isolate.set_item(arguments, 2, reader)
        self._isolate.set_item(arguments, 3, writer)
        self._isolate.set_text(arguments, 4, str(self._room_bytes).encode())
        self._isolate.call(self._set_function, arguments)
        return JavaScriptFunction(self._isolate, self._run, self._arguments)


class JavaScriptFunction:
    """One loaded function."""

    def __init__(self, isolate: v8.Isolate, run: v8.Handle, arguments: v8.Handle) -> None:
        self._isolate = isolate
        self._run = run
        self._arguments = arguments

    def run(self, batch: bytes) -> tuple[bytes, bytes]:
        try:
            # Promises run on after the call: whoever loops in them must not pass as done.
            answer = self._isolate.call_on(self._run, batch, self._arguments)
        except v8.OutOfMemoryError:
            os._exit(ExitCode.NO_MEMORY)
        except v8.JavaScriptError:
            # The harness catches what a function throws: its own ground is gone.
            os._exit(ExitCode.ENGINE)
        if answer == NO_ROOM:
            os._exit(ExitCode.NO_MEMORY)
        if not isinstance(answer, bytes):
            os._exit(ExitCode.ENGINE)
        return answer, b""


def refusal_of(error: v8.JavaScriptError) -> Refusal:
    """Read the place and the words out of what V8 prints."""
    kind = "syntax" if error.is_syntax else "top_level"
    first = _FIRST_LINE.match(error.text)
    line, message = (int(first[1]), first[2]) if first else (0, error.text)
    caret = _CARET.search(error.text)
    column = len(caret[1]) + 1 if caret else 0
    if place := _STACK_PLACE.search(error.text, first.end() if first else 0):
        line, column = int(place[1]), int(place[2])
    return Refusal(kind, message[:MAX_MESSAGE_CHARS], line, column)
