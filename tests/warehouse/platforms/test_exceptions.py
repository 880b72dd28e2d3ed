"""The exceptions of the emulator are of tests that are there."""

from pathlib import Path

from tests.warehouse.platforms.exceptions import EXCEPTIONS


def test_every_exception_is_of_a_test_of_this_folder() -> None:
    sources = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    gone = [each for each in EXCEPTIONS if not any(f"def {each}(" in text for text in sources)]
    assert gone == []
    assert all(reason.strip() for reason in EXCEPTIONS.values())
