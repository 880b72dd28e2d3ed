"""The command that runs payloads of others."""

import json
from pathlib import Path

import pytest

from tests.security.__main__ import NOT_RUN, NOT_STOPPED, STOPPED, main

STOPPED_ONES = (
    ("open", "Python", "def transform(u): return open('/etc/passwd').read()"),
    ("require", "JavaScript", "function transform(u) { return require('fs'); }"),
    ("thrown", "JavaScript", "const transform = (u) => { throw 5; };"),
)


def corpus(folder: Path, *entries: tuple[str, str, str]) -> str:
    path = folder / "corpus.jsonl"
    lines = [
        json.dumps({"name": name, "language": language, "source": source})
        for name, language, source in entries
    ]
    path.write_text("\n".join(lines))
    return str(path)


def test_what_is_stopped_is_counted_by_its_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([corpus(tmp_path, *STOPPED_ONES), "--mode", "all", "--endings"]) == STOPPED
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "all walls: 3 payloads, 0 not stopped (compile 1, absent 1, language 1)"
    assert lines == [
        "  open (Python): compile: Python: `open` is not available in functions (line 1)",
        "  require (JavaScript): absent: JavaScript: ReferenceError: require is not defined",
        "  thrown (JavaScript): language: JavaScript: a number was thrown: 5",
    ]


def test_what_gives_something_away_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaking = ("leak", "Python", "def transform(u): return 'root:x:0:0:root'")
    assert main([corpus(tmp_path, leaking), "--mode", "bare"]) == NOT_STOPPED
    assert capsys.readouterr().out.splitlines() == [
        "the operating system's walls alone: 1 payloads, 1 not stopped (harmless 1)",
        '  leak (Python): harmless: {"i": 1, "out": "root:x:0:0:root"}',
        "    ! the answer has 'root:x:0:'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "line 1: KeyError('name')"),
        ("nothing", "line 1: JSONDecodeError"),
        ('{"name": "x", "language": "Perl", "source": ""}', "'Perl' is not a valid Language"),
    ],
)
def test_a_file_that_is_no_corpus_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    assert main([str(path)]) == NOT_RUN
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_not_run(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none")]) == NOT_RUN
