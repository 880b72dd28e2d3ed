"""One zygote per language for all tests: guests are cheap, zygotes are not."""

from collections.abc import Callable, Iterator

import pytest

from runtime.limits import Limits
from runtime.sandbox.host import Guest, open_guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.runner import Runner
from runtime.sandbox.zygote import Zygote


@pytest.fixture(scope="session")
def zygotes() -> Iterator[dict[Language, Zygote]]:
    made = {language: Zygote(language, start_seconds=60) for language in Language}
    yield made
    for zygote in made.values():
        zygote.close()


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


@pytest.fixture
def zygote(zygotes: dict[Language, Zygote], language: Language) -> Zygote:
    return zygotes[language]


@pytest.fixture
def limits() -> Limits:
    # A machine under load is slow: only what is endless may meet these.
    return Limits(
        record_seconds=10,
        batch_seconds=60,
        load_seconds=30,
        start_seconds=60,
        memory_bytes=96 << 20,
    )


Open = Callable[..., Runner]


@pytest.fixture
def run_function(zygotes: dict[Language, Zygote], limits: Limits) -> Iterator[Open]:
    """Opens runners, and closes them with the test."""
    opened: list[Runner] = []

    def make(
        language: Language,
        source: str,
        limits: Limits = limits,
        *,
        language_policy: bool = True,
        capture_logs: bool = False,
        hired: Callable[[Guest], None] = lambda guest: None,
    ) -> Runner:
        def hire() -> Guest:
            guest = open_guest(zygotes[language], limits)
            hired(guest)
            return guest

        function = Function(
            source=source,
            record_output_bytes=limits.record_output_bytes,
            batch_output_bytes=limits.batch_output_bytes,
            log_bytes=limits.log_bytes,
            capture_logs=capture_logs,
            language_policy=language_policy,
        )
        runner = Runner(hire, function, limits)
        opened.append(runner)
        return runner

    yield make
    for runner in opened:
        runner.close()
