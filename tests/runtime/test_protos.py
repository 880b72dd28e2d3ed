import itertools
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from runtime.limits import Limits
from runtime.v1 import batch_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTOS = sorted(Path(ROOT, "proto").rglob("*.proto"))


def test_what_is_committed_is_what_is_generated(tmp_path: Path) -> None:
    subprocess.run(["bin/protos", tmp_path], cwd=ROOT, check=True)
    committed, generated = (
        {path.name: path.read_text() for path in folder.glob("*.py*") if path.is_file()}
        for folder in (Path(ROOT, "runtime/v1"), Path(tmp_path, "runtime/v1"))
    )
    assert committed == generated


@pytest.mark.parametrize("path", PROTOS, ids=lambda path: path.name)
def test_everything_in_a_proto_has_a_comment(path: Path) -> None:
    lines = path.read_text().splitlines()
    needs = re.compile(r"\s*(?:message|enum|service|rpc|oneof)\s|.* = \d+;$")
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if needs.match(line) and not before.strip().startswith("//")
    ]
    assert bare == []


def test_limits_are_the_same_on_both_sides() -> None:
    assert list(batch_pb2.Limits.DESCRIPTOR.fields_by_name) == [
        each.name for each in fields(Limits)
    ]
