"""Format, compression and storage change nothing of what is imported."""

from pathlib import Path

import pytest

from connectors.files import Compression
from connectors.registry import CONNECTORS
from tests.executor.matrix.imports import ALL, STORAGES, carry_out
from tests.executor.matrix.records import COUNT, WRITTEN, customers


@pytest.mark.timeout(300)  # sixty-four imports through every process, on a machine that may be busy
async def test_format_compression_and_storage_change_nothing_of_the_rows(tmp_path: Path) -> None:
    expected = [each.row() for each in customers()]

    imported = await carry_out(tmp_path, ALL)

    for combination, found in imported.items():
        ended = (found.run["passed"], found.run["failed"], found.run["error"])
        assert ended == ([COUNT] * 6, [0] * 6, ""), combination
        assert found.rows == expected, combination
    assert len(imported) == len(WRITTEN) * len(Compression) * len(STORAGES) == 64


def test_every_format_that_can_be_read_is_in_the_matrix() -> None:
    assert {each.code for each in CONNECTORS if each.reading is not None} == set(WRITTEN)
