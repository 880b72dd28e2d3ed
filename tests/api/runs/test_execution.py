"""Runs from the request to the warehouse: real files, runtime, PostgreSQL and workers."""

from tests.api.runs.working import Workshop, lines

SIX = [0] * 6


async def test_a_file_becomes_identities(shop: Workshop) -> None:
    """RUN-12, RUN-70."""
    shop.put("members.csv", lines("a,a@x.io,30", "b,b@x.io,31"))
    pipeline_id = await shop.create()
    async with shop.working():
        run = await shop.run(pipeline_id)

    assert (run["passed"], run["failed"], run["error"]) == ([2] * 6, SIX, "")
    assert shop.identities() == {"a": ("a@x.io", 30), "b": ("b@x.io", 31)}
