"""Options of the test run."""

from collections.abc import Iterator

import pytest
import structlog

DEFAULT_DIFFERENTIAL_RECORDS = 100_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--differential-records",
        type=int,
        default=DEFAULT_DIFFERENTIAL_RECORDS,
        help="how many records both paths of the mapping language are compared on",
    )
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew instead of comparing"
    )


@pytest.fixture(scope="session")
def differential_records(pytestconfig: pytest.Config) -> int:
    count = pytestconfig.getoption("--differential-records")
    assert isinstance(count, int)
    return count


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What `async def` tests run on, as the product does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_of_this_test_alone() -> Iterator[None]:
    """A test that sets up the logs of its process must not silence those of the next."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
