import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import main
from runtime.standalone.outcome import MEANINGS, ExitStatus
from runtime.standalone.terminal import cells
from tests.runtime.serving import running_process, socket_address, wait_until
from tests.runtime.standalone.terminals import COMMAND, ROOT, Terminal, descendants, is_gone

EXAMPLES = ROOT / "examples"
MAPPING = str(EXAMPLES / "subscribers.json")
ROWS = str(EXAMPLES / "subscribers.csv")
FUNCTION = str(EXAMPLES / "loyalty.json")
MEMBERS = str(EXAMPLES / "members.jsonl")
MEMBER = '{"card":1,"points":5,"visits":["2024-01-01"]}\n'
ENDLESS = MEMBER.replace("5", "-1")


def kiln(
    *arguments: str, text: str = "", folder: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, input=text, capture_output=True, text=True, timeout=60
    )


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def looping(tmp_path: Path) -> Path:
    """A function that never ends on some records, and records of that kind."""
    definition = json.loads(Path(FUNCTION).read_text())
    definition["transformation"]["function"]["source"] = (
        "def transform(member):\n    while member['points'] < 0:\n        pass\n    return {}\n"
    )
    (tmp_path / "loop.json").write_text(json.dumps(definition))
    (tmp_path / "loop.jsonl").write_text(ENDLESS)
    return tmp_path


def test_check_says_what_a_transformation_reads_and_gives() -> None:
    done = kiln("check", MAPPING)
    assert (done.returncode, done.stderr) == (ExitStatus.DONE, "")
    assert done.stdout.splitlines() == [
        f"{MAPPING}: the mapping compiles",
        "  reads  country, email, first_name, last_name, orders, spent, subscribed",
        "  gives  address.country, email, name, orders, spent, subscribed_on",
    ]


def test_check_shows_mistakes_of_a_function_with_a_caret(tmp_path: Path) -> None:
    definition = json.loads(Path(FUNCTION).read_text())
    definition["transformation"]["function"] |= {
        "language": "JavaScript",
        "source": "const transform = (r) => {\n  return {;\n}\n",
    }
    (tmp_path / "x.json").write_text(json.dumps(definition))
    done = kiln("check", "x.json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (ExitStatus.FOUND, "")
    assert done.stdout.splitlines() == [
        "x.json, the JavaScript function, line 2, column 11",
        "  U502: JavaScript: SyntaxError: Unexpected token ';' (line 2)",
        "  2 |   return {;",
        "                ^",
        "",
        "x.json: 1 mistake",
    ]


def test_results_go_to_standard_output_and_the_rest_to_standard_error() -> None:
    done = kiln("transform", MAPPING, ROWS, "--json")
    assert done.returncode == ExitStatus.FOUND
    assert [line["email"] for line in lines_of(done.stdout)] == [
        "ada@example.com",
        "grace@example.com",
        "margaret@example.com",
    ]
    *rejections, summary = lines_of(done.stderr)
    assert [(each["kind"], each["record"], each["line"], each["code"]) for each in rejections] == [
        ("rejection", 3, 5, "V206"),
        ("rejection", 4, 6, "V202"),
        ("rejection", 5, 7, "V208"),
        ("rejection", 6, 8, "V201"),
    ]
    assert rejections[1]["source"] == {"line": 1, "column": 1, "text": "orders"}
    assert (summary["kind"], summary["records"], summary["results"]) == ("summary", 7, 3)
    assert summary["ignoredNames"] == ["notes"]


def test_a_function_runs_on_standard_input_and_what_it_prints_is_shown_when_asked() -> None:
    text = MEMBER + MEMBER.replace("5", "-5")
    done = kiln("transform", FUNCTION, "-", "--show-output", text=text)
    assert done.returncode == ExitStatus.FOUND
    assert lines_of(done.stdout) == [{"card": "1", "tier": "bronze", "last_visit": "2024-01-01"}]
    found = done.stderr.splitlines()
    assert found[:8] == [
        "record 1 (line 1) printed",
        "  card 1 is bronze",
        "",
        "record 2 (line 2): rejected at transform",
        "  U521: Python: StopIteration",
        "  5 |     tier = next(name for least, name in TIERS if member['points'] >= least)",
        "                 ^",
        "",
    ]
    assert found[8].startswith("2 records: 1 result, 1 rejected in ")


def test_what_comes_bit_by_bit_is_transformed_bit_by_bit() -> None:
    process = subprocess.Popen(
        [COMMAND, "transform", MAPPING, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    row = (
        '{"email":"%s","first_name":"","last_name":"","subscribed":null,"orders":"1","spent":"1",'
        '"country":null}\n'
    )
    for name in ("one", "two"):
        process.stdin.write((row % name).encode())
        process.stdin.flush()
        # It answers before there is a second record, or the end.
        assert json.loads(process.stdout.readline())["email"] == name
    process.stdin.close()
    assert process.stdout.read() == b""
    process.stdout.close()
    assert process.wait(30) == ExitStatus.DONE


@pytest.mark.parametrize("columns", [80, 120])
def test_a_person_sees_a_table_that_fits(columns: int) -> None:
    with Terminal("transform", MAPPING, ROWS, columns=columns) as terminal:
        found, status = terminal.read_all()
    assert status == ExitStatus.FOUND
    lines = found.split("\n")
    assert lines[0].startswith("#  email")
    assert lines[2].startswith("1  ada@example.c")
    assert "2024-02-29" in lines[2]
    assert "1043.5" in lines[2]
    assert max(map(cells, lines[:6])) <= columns
    assert "record 3 (line 5): rejected at validate input, subscribed" in lines
    assert any(line.startswith("7 records: 3 results, 4 rejected in ") for line in lines)
    assert "\x1b[1m" in terminal.written


def test_a_watch_runs_again_survives_broken_files_and_ends_cleanly(tmp_path: Path) -> None:
    file, records = tmp_path / "x.json", tmp_path / "x.jsonl"
    good = Path(FUNCTION).read_text()
    file.write_text(good)
    records.write_text(MEMBER)
    waiting = "waiting for a file to be saved; Ctrl-C ends"
    with Terminal("transform", "x.json", "x.jsonl", "--watch", folder=tmp_path) as terminal:
        assert "1  1     bronze  2024-01-01" in terminal.read_until(waiting)
        children = descendants(terminal.process.pid)
        assert children
        records.write_text(MEMBER.replace("5", "500"))
        found = terminal.read_until(waiting)
        assert "x.jsonl changed" in found
        assert "1  1     silver  2024-01-01" in found
        file.write_text(good[:300])
        assert "x.json, line " in terminal.read_until(waiting)
        records.unlink()
        file.write_text(good)
        assert "x.jsonl: No such file or directory" in terminal.read_until(waiting)
        records.write_text(MEMBER)
        assert "1  1     bronze  2024-01-01" in terminal.read_until(waiting)
        terminal.interrupt()
        assert terminal.read_all()[1] == ExitStatus.INTERRUPTED
    wait_until(lambda: all(map(is_gone, children)))


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, ExitStatus.INTERRUPTED), (signal.SIGTERM, ExitStatus.TERMINATED)],
)
def test_an_interrupt_in_the_middle_of_a_function_leaves_no_process(
    looping: Path, number: signal.Signals, status: ExitStatus
) -> None:
    process = subprocess.Popen(
        [COMMAND, "transform", "loop.json", "-", "--limit", "record_seconds=60",
         "--limit", "batch_seconds=60"],
        cwd=looping,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(MEMBER.encode())
    process.stdin.flush()
    assert process.stdout.readline() == b"{}\n"
    process.stdin.write(ENDLESS.encode())
    process.stdin.flush()
    # The guest that works on it has been there since the first record.
    children = descendants(process.pid)
    assert len(children) >= 2
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert said.decode().startswith("stopped after 1 record: 1 result, 0 rejected in ")
    wait_until(lambda: all(map(is_gone, children)))


def test_limits_can_be_changed(looping: Path) -> None:
    done = kiln(
        "transform", "loop.json", "loop.jsonl", "--limit", "record_seconds=0.1", "--json",
        folder=looping,
    )  # fmt: skip
    assert done.returncode == ExitStatus.FOUND
    rejection, _ = lines_of(done.stderr)
    assert (rejection["code"], rejection["message"]) == (
        "U525",
        "the function took longer than 0.1 s on this record",
    )


def test_a_reader_that_stops_reading_is_no_reason_for_a_traceback() -> None:
    process = subprocess.Popen(
        [COMMAND, "transform", MAPPING, ROWS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=30)
    assert process.returncode == ExitStatus.BROKEN_PIPE
    assert "Traceback" not in said.decode()
    assert "Error" not in said.decode()


def test_attest_reports_each_attempt_and_the_layer_that_stopped_it() -> None:
    done = kiln("attest", "--json", "--language", "Python")
    report = json.loads(done.stdout)
    (python,) = report["languages"]
    assert report["holds"] is (done.returncode == ExitStatus.DONE)
    assert report["machine"]["root"] is (os.geteuid() == 0)
    assert len(python["attempts"]) > 80
    assert {each["layer"] for each in python["attempts"] if each["stopped"]} <= {
        "system-call filter", "walls behind the filter", "memory limit", "host's clock",
        "size limit", "language", "language policy", "nothing there", "process boundary",
    }  # fmt: skip
    if not python["missing"]:
        assert [each for each in python["attempts"] if not each["stopped"]] == []
        assert done.returncode == ExitStatus.DONE


def test_results_can_go_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.jsonl"
    assert main(["transform", MAPPING, ROWS, "--output", str(output)]) == ExitStatus.FOUND
    assert [line["orders"] for line in lines_of(output.read_text())] == [12, 3, 7]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["transform", MAPPING, "none.csv"], "kiln-runtime: none.csv: No such file or directory\n"),
        (
            ["transform", MAPPING, "-", "--watch"],
            "kiln-runtime: --watch needs files: nobody saves standard input\n",
        ),
        (
            ["transform", MAPPING, ROWS, "--output", ROWS],
            f"kiln-runtime: --output is {ROWS}, which is read at the same time\n",
        ),
        (["check", "none.json"], "kiln-runtime: none.json: No such file or directory\n"),
    ],
)
def test_what_cannot_be_meant_or_read_has_a_status_of_its_own(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == ExitStatus.USAGE
    assert capfd.readouterr() == ("", said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["transform", MAPPING, ROWS, "--sample", "0"],
        ["transform", MAPPING, ROWS, "--show", "-1"],
        ["transform", MAPPING, ROWS, "--purpose", "Import"],
        ["transform", MAPPING, ROWS, "--separator", "ab"],
        ["transform", MAPPING, ROWS, "--limit", "seconds=1"],
        ["transform", MAPPING, ROWS, "--limit", "record_seconds=nan"],
        ["transform", MAPPING, ROWS, "--limit", "memory_bytes=1.5"],
        ["attest", "--language", "Ruby"],
        ["check"],
        [],
    ],
)
def test_an_argument_that_cannot_be_is_refused(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == ExitStatus.USAGE
    assert "error: " in capfd.readouterr().err


def test_a_failure_is_json_where_json_was_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["transform", MAPPING, "none.csv", "--json"]) == ExitStatus.USAGE
    assert lines_of(capfd.readouterr().err) == [
        {
            "kind": "failure",
            "status": 2,
            "class": "data",
            "message": "none.csv: No such file or directory",
        }
    ]


def test_results_so_far_are_told_before_what_ended_the_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "x.json"
    first = '{"email":"a","first_name":"","last_name":"","subscribed":null,"orders":"1",'
    records.write_text(f'[{first}"spent":"1","country":null}},{{')
    assert main(["transform", MAPPING, str(records)]) == ExitStatus.USAGE
    found = capfd.readouterr()
    assert [line["email"] for line in lines_of(found.out)] == ["a"]
    first, *_, last = found.err.replace("\n", " ").split("  ")
    assert first.startswith("stopped after 1 record: 1 result, 0 rejected in ")
    assert last.endswith("ends in the middle of the record that begins on line 1 ")


def test_a_bug_of_ours_does_not_pass_for_a_mistake_of_the_user(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("runtime.standalone.check.compile_definition", broken)
    assert main(["check", MAPPING]) == ExitStatus.FAILED
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_the_help_tells_every_exit_status(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["transform", "--help"])
    said = capfd.readouterr().out
    for status, meaning in MEANINGS.items():
        assert f"  {status.value:<5}{meaning}\n" in said
    assert set(MEANINGS) == set(ExitStatus)


def test_the_command_is_the_same_however_it_is_started(tmp_path: Path) -> None:
    by_module = subprocess.run(
        [sys.executable, "-m", "runtime.cli", "check", MAPPING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert kiln("check", MAPPING, folder=tmp_path).stdout == by_module.stdout


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    code = (
        "import sys; from runtime.cli import main; status = main(sys.argv[1:]);"
        " print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_a_mapping_is_checked_without_what_servers_and_guests_need() -> None:
    loaded = loaded_by("check", MAPPING)
    assert "runtime.standalone.check" in loaded
    heavy = ("grpc", "google.protobuf", "structlog", "rich", "runtime.server", "runtime.engine",
             "runtime.sandbox.zygote", "pyarrow.parquet")  # fmt: skip
    assert [name for name in heavy if name in loaded] == []


def test_a_server_loads_nothing_that_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    with socket_address() as address, running_process("--listen", address) as process:
        assert process.stderr is not None
        imported = []
        for line in process.stderr:
            if b'"serving"' in line:
                break
            imported.append(line.decode().rpartition("|")[2].strip())
        process.terminate()
    assert "runtime.server" in imported
    people = [name for name in imported if name.startswith("runtime.standalone.")]
    # What decides which command is meant, and nothing of what the commands do.
    assert sorted(people) == [
        "runtime.standalone.commands",
        "runtime.standalone.outcome",
        "runtime.standalone.streams",
        "runtime.standalone.terminal",
    ]
