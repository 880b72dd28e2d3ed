"""Format, compression and storage change nothing of what is imported."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from connectors.files import Compression
from connectors.registry import CONNECTORS
from tests.executor.matrix.imports import ALL, STORAGES, Combination, carry_out, pairs
from tests.executor.matrix.records import COUNT, WRITTEN, customers


@pytest.mark.timeout(300)  # sixteen imports through every process, on a machine that may be busy
async def test_format_compression_and_storage_change_nothing_of_the_rows(tmp_path: Path) -> None:
    """Every pair of them once; `python -m tests.executor.matrix` imports all sixty-four."""
    expected = [each.row() for each in customers()]

    imported = await carry_out(tmp_path, pairs())

    for combination, found in imported.items():
        ended = (found.run["passed"], found.run["failed"], found.run["error"])
        assert ended == ([COUNT] * 6, [0] * 6, ""), combination
        assert found.rows == expected, combination


def test_every_pair_is_imported_in_the_suite() -> None:
    def found(combinations: Iterable[Combination]) -> set[tuple[str, str]]:
        return {
            pair
            for each in combinations
            for pair in itertools.combinations((each.format, each.compression, each.storage), 2)
        }

    assert len(ALL) == len(WRITTEN) * len(Compression) * len(STORAGES) == 64
    assert found(pairs()) == found(ALL)


def test_every_format_that_can_be_read_is_in_the_matrix() -> None:
    assert {each.code for each in CONNECTORS if each.reading is not None} == set(WRITTEN)
