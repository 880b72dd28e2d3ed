"""Sources that were refused lately: whoever sends one again need not cost a guest to learn why."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

from runtime.errors import FunctionRefusedError
from runtime.functions import FunctionTask
from runtime.sandbox.interface import Language

KEPT_SECONDS: Final = 60.0
"""A refusal lasts as long as its source; this only bounds what we might have got wrong."""

MAX_KEPT: Final = 256

LASTING: Final = frozenset({"syntax", "refused", "missing"})
"""Kinds that follow from the text alone; top-level code may do better another time."""

_Key: TypeAlias = tuple[str, Language, str]


class Refusals:
    """The refusals of each tenant's sources, used by many threads at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[float, FunctionRefusedError]] = OrderedDict()

    def check(self, task: FunctionTask) -> None:
        """Raise what is known against a source."""
        if not self._kept:
            return
        with self._lock:
            until, error = self._kept.get(_key(task), (0.0, None))
        if error is not None and self._clock() < until:
            # Not the same object: each raise would lengthen its traceback.
            raise FunctionRefusedError(
                error.kind, error.message, line=error.line, column=error.column, hint=error.hint
            )

    def note(self, task: FunctionTask, error: FunctionRefusedError) -> None:
        """Remember a refusal if it follows from the source."""
        if error.kind not in LASTING:
            return
        key = _key(task)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self._clock() + KEPT_SECONDS, error.with_traceback(None))
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)


def _key(task: FunctionTask) -> _Key:
    return (task.tenant, task.function.language, task.function.source)
