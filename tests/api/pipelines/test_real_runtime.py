"""Saving functions with the runtime as it is started: they are loaded in a guest (DEC-30)."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from api.db.session import Sessions
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from api.transformer.transformer import Transformer
from runtime.client import ClientOptions, connect
from runtime.retry import RetryPolicy
from tests.api.pipelines.bodies import body, function
from tests.api.pipelines.conftest import Api, open_api
from tests.runtime.serving import running_process, socket_address

_OPTIONS = ClientOptions(timeout_seconds=30.0, retry=RetryPolicy(total_seconds=30.0))
_HASTY = ClientOptions(timeout_seconds=5.0, retry=RetryPolicy(total_seconds=0.2))


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that was started for these tests."""

    address: str
    process: "subprocess.Popen[bytes]"


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with socket_address() as address, running_process("--listen", address) as process:
        yield Runtime(address, process)


@pytest.fixture
async def api(sessions: Sessions, runtime: Runtime) -> AsyncIterator[Api]:
    async with await connect(runtime.address, options=_OPTIONS) as client:
        opened = await open_api(sessions, Transformer(client, Metrics(), NoTracing()))
        yield opened
        await opened.close()


_JAVASCRIPT = "const transform = (user) => ({email: user.mail});\n"

# Language, source, what the cause starts with; nothing if the function is fine.
_FUNCTIONS = [
    ("Python", "def transform(user):\n    return {'email': user['mail']}\n", ""),
    ("JavaScript", _JAVASCRIPT, ""),
    (
        "Python",
        "def transform(user):\n    return {'email': user['mail'}\n",
        "/source, line 2, column 33: U502: ",
    ),
    (
        "JavaScript",
        "const transform = (user) => ({email: user.mail;\n",
        "/source, line 1, column 47: U502: ",
    ),
    ("Python", "def other(user):\n    return {}\n", "/source: U504: "),
    ("JavaScript", "const other = (user) => ({});\n", "/source: U504: "),
]


async def test_functions_are_saved_if_they_can_be_loaded(api: Api) -> None:
    for language, source, cause in _FUNCTIONS:
        sent = api.new("K3", transformation=function(language=language, source=source))
        answer = await api.ask("POST", "", sent)
        if cause:
            assert (answer.status, answer.code) == (422, "TransformationFailed"), source
            found = answer.json["error"]["cause"]
            assert found.startswith(cause), found
        else:
            shown = (await api.get(answer.id))["transformation"]["function"]
            assert (shown["language"], shown["source"]) == (language, source)


async def test_an_update_with_a_broken_function_changes_nothing(api: Api) -> None:
    pipeline_id = await api.create("K3")
    before = await api.get(pipeline_id)

    answer = await api.ask(
        "PUT", f"/{pipeline_id}", body("K3", transformation=function(source="def ("))
    )

    assert (answer.status, answer.code) == (422, "TransformationFailed")
    assert await api.get(pipeline_id) == before


async def test_mappings_are_compiled_with_their_inputs(api: Api) -> None:
    pipeline_id = await api.create("K3", transformation={"mapping": {"email": "lower(trim(mail))"}})

    assert (await api.get(pipeline_id))["transformation"]["function"] is None
    for expression in ("lower(", "post", "lower(mail, mail)"):
        sent = api.new("K3", transformation={"mapping": {"email": expression}})
        answer = await api.ask("POST", "", sent)
        assert (answer.status, answer.code) == (400, "BadRequest")


async def test_a_language_that_the_runtime_does_not_have_is_told(sessions: Sessions) -> None:
    """PIPE-102."""
    with (
        socket_address() as address,
        running_process("--listen", address, "--function-languages", "JavaScript"),
    ):
        async with await connect(address, options=_OPTIONS) as client:
            api = await open_api(sessions, Transformer(client, Metrics(), NoTracing()))
            refused = await api.ask("POST", "", api.new("K3", transformation=function()))
            there = function(language="JavaScript", source=_JAVASCRIPT)
            saved = await api.ask("POST", "", api.new("K3", transformation=there))
            await api.close()

    assert (refused.status, refused.code) == (422, "UnsupportedLanguage")
    assert saved.status == 200


async def test_without_a_runtime_nothing_is_saved(sessions: Sessions) -> None:
    """DEC-30: mappings and functions alike; what needs no runtime goes on."""
    with socket_address() as nobody:
        async with await connect(nobody, options=_HASTY) as client:
            api = await open_api(sessions, Transformer(client, Metrics(), NoTracing()))
            found = [
                await api.ask("POST", "", api.new("K3")),
                await api.ask("POST", "", api.new("K3", transformation=function())),
                await api.ask("POST", "", api.new("K9")),
            ]
            await api.close()

    assert [each.status for each in found] == [503, 503, 200]
    assert found[0].code == found[1].code == "ServiceUnavailable"
