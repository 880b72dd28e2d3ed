"""The Dockerfile and compose.yaml against the tree: what is imported is there, and nothing else."""

import json
import re
import tomllib

import pytest

from tests.architecture.tree import ROOT
from tests.images import stage

COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES = dict(
    re.findall(
        r"(?ms)^  ([a-z]+):\n((?:    .*?\n|\n|  #.*?\n)*)", COMPOSE.partition("\nnetworks:")[0]
    )
)
ALL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["packages"]


@pytest.mark.parametrize(
    ("name", "packages", "lock"),
    [("runtime", ["mapping_lang", "runtime"], "runtime.lock"), ("api", ALL, "api.lock")],
)
def test_an_image_has_the_packages_of_its_process(
    name: str, packages: list[str], lock: str
) -> None:
    built = stage(name)

    assert sorted(built.packages) == sorted(packages)
    assert sorted(built.compiled) == sorted(packages)
    assert built.lock.name == lock
    assert (ROOT / f"{built.module.replace('.', '/')}.py").is_file()


def test_every_process_has_a_service() -> None:
    assert list(SERVICES) == ["database", "runtime", "api", "worker"]


@pytest.mark.parametrize(
    ("service", "target", "words"),
    [("runtime", "runtime", ("serve",)), ("api", "api", ("api",)), ("worker", "api", ("work",))],
)
def test_a_service_runs_the_command_of_its_process(
    service: str, target: str, words: tuple[str, ...]
) -> None:
    told = re.findall(r"(?m)^    command: \[(.*)\]$", SERVICES[service])
    command = tuple(told[0].split(", ")) if told else stage(target).command

    assert re.findall(r"target: (\w+)", SERVICES[service]) == [target]
    assert command == words


def test_the_worker_is_told_what_the_api_is_told() -> None:
    def environment(service: str) -> list[str]:
        return re.findall(r"(?m)^      (KILN_\w+: .*)$", SERVICES[service])

    def volumes(service: str) -> list[str]:
        return re.findall(r"(?m)^    volumes: (.*)$", SERVICES[service])

    assert environment("worker") == environment("api")
    # The keys lie there that settings are sealed with.
    assert volumes("worker") == volumes("api") == ['["data:/var/lib/kiln"]']
    assert stage("api").environment["KILN_DATA_DIR"] == "/var/lib/kiln"


def test_what_has_no_server_is_not_asked_how_it_is() -> None:
    assert "healthcheck: {disable: true}" in SERVICES["worker"]
    assert json.dumps(stage("api").health).count("/healthz") == 1
