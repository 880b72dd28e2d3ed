"""Whatever compiles and applies a transformation here: with guests for functions, else without.

A mapping runs in this process and needs no guest, so none is started for it.
"""

import logging
from collections.abc import Callable
from typing import Final, Self, assert_never

from runtime.contract import Function, Mapping, Transformation
from runtime.functions import FunctionEngine
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.transformation import Transformer

TENANT: Final = "standalone"
"""Whose functions these are, for the pool of guests: everybody here is one."""

GUESTS: Final = 2
"""One works; another may still be warm for the source before the last save."""


class Engines:
    """Transformers, made when they are first needed and kept for the next run."""

    def __init__(self, limits: Limits, tell: Callable[[str], None] = lambda _: None) -> None:
        self._limits = limits
        self._tell = tell
        self._plain = Transformer(limits)
        self._opened: dict[Language, FunctionEngine] = {}
        self._transformers: dict[Language, Transformer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def transformer_for(self, transformation: Transformation) -> Transformer:
        """Give what compiles and applies a transformation; a language is started once."""
        body = transformation.body
        match body:
            case Mapping():
                return self._plain
            case Function(language=language):
                if language not in self._transformers:
                    self._open(language)
                return self._transformers[language]
            case _:
                assert_never(body)

    def close(self) -> None:
        """End every guest."""
        while self._opened:
            _, engine = self._opened.popitem()
            engine.close()
        self._transformers.clear()

    def _open(self, language: Language) -> None:
        # Here, because a mapping needs none of it, and it takes longer than to compile one.
        import structlog

        from runtime.engine import EngineSettings, GuestEngine
        from runtime.pool import Room

        # What goes wrong is raised, and told once: there is a person here and no log. Never by
        # configuring the logs of the process, which is not ours.
        silence = structlog.make_filtering_bound_logger(logging.CRITICAL)
        log = structlog.wrap_logger(None, wrapper_class=silence)
        self._tell(f"starting {language.value} behind its walls")
        settings = EngineSettings(languages=frozenset({language}), room=Room(guests=GUESTS))
        engine = self._opened[language] = GuestEngine(settings, log)
        # Functions are refused where a canary gets through, as in the service.
        engine.attest_now()
        self._transformers[language] = Transformer(self._limits, engine)
