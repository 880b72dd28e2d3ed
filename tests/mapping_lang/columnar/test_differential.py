"""Both paths give the same records and the same rejections, for random programs and batches."""

from random import Random

import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.schema import Purpose
from tests.mapping_lang.columnar.columns import records
from tests.mapping_lang.columnar.programs import Made, random_program
from tests.strategies import canonical

RECORDS_OF_A_BATCH = 100


def disagreement(made: Made, batch: Batch, purposes: Purpose | list[Purpose]) -> str:
    """Tell how the paths differ; empty if they do not."""
    rows = batch.to_records()
    scalar = made.program.apply_records(rows, purposes)
    columnar = made.program.apply(batch, purposes)
    columnar.batch.data.validate(full=True)
    if columnar.rejections != scalar.rejections:
        pairs = zip(columnar.rejections, scalar.rejections, strict=False)
        return f"rejections {next((pair for pair in pairs if pair[0] != pair[1]), 'count')}"
    found = columnar.batch.to_records()
    if len(found) != len(scalar.records):
        return f"{len(found)} records, expected {len(scalar.records)}"
    rejected = {item.position for item in scalar.rejections}
    kept = [row for position, row in enumerate(rows) if position not in rejected]
    for row, ours, theirs in zip(kept, found, scalar.records, strict=True):
        if canonical(ours) != canonical(theirs):
            return f"record {row!r}\n columns {ours!r}\n records {theirs!r}"
    return ""


def purposes_of(chance: Random, count: int) -> Purpose | list[Purpose]:
    toss = chance.random()
    if toss < 0.7:
        return chance.choice(list(Purpose))
    return chance.choices(list(Purpose), k=count)


def batch_of(chance: Random, made: Made) -> Batch:
    """Make a batch, often a part of a longer one."""
    count = chance.choice((0, 1, 2, *(RECORDS_OF_A_BATCH,) * 17))
    before, after = chance.choice(((0, 0), (0, 0), (3, 5), (1, 0)))
    rows = records(chance, made.in_schema, before + count + after, made.meant)
    return Batch.from_records(made.in_schema, rows).slice(before, count)


@pytest.mark.parametrize("part", range(8))
def test_both_paths_agree_on_random_programs_and_batches(
    part: int, differential_records: int
) -> None:
    done, seed = 0, part * 1_000_000
    while done * 8 < differential_records:
        seed += 1
        chance = Random(seed)  # noqa: S311  repeatable on purpose
        made = random_program(chance)
        batch = batch_of(chance, made)
        purposes = purposes_of(chance, batch.num_records)
        difference = disagreement(made, batch, purposes)
        assert not difference, f"seed {seed}, {made.mapping}, {made.layouts}: {difference}"
        done += batch.num_records
