import ast
import builtins as python_builtins
import inspect
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.sandbox.policy import builtins, reference, transformer, views
from runtime.sandbox.policy.library import registry
from runtime.sandbox.policy.library.table import Module
from runtime.sandbox.policy.names import INSPECTION, is_plain_attribute, is_reserved
from tests.architecture.tree import ROOT
from tests.runtime.sandbox.policy.running import Returned, body, run


@pytest.mark.parametrize("module", registry.MODULES, ids=lambda module: module.name)
def test_a_view_holds_what_its_table_says_and_nothing_else(module: Module) -> None:
    view = views.VIEWS[module.name]
    shown = {name for name in dir(view) if not name.startswith("_")}
    assert shown == set(module.contents())
    assert all(map(is_plain_attribute, shown - {"mro"}))
    assert not shown.intersection(module.missing)
    assert module.why.endswith(".")


@pytest.mark.parametrize("name", sorted(views.VIEWS))
def test_a_view_can_be_imported_in_every_way(name: str) -> None:
    first = sorted(registry.BY_NAME[name].contents())[0]
    source = (
        f"import {name}\nimport {name} as m\nfrom {name} import {first}\nfrom {name} import *\n"
    )
    assert run(source + "def transform(r): return repr(m)") == Returned(f"<module {name!r}>")


def test_no_module_is_both_available_and_refused() -> None:
    assert not set(registry.BY_NAME).intersection(registry.REFUSED)


def test_a_module_that_the_interpreter_has_loaded_stays_out_of_reach() -> None:
    assert urllib.request.__name__ in sys.modules
    for source in (
        "from urllib import request",
        "import urllib.request",
        "from json import decoder",
    ):
        assert not isinstance(run(f"{source}\ndef transform(r): return 1"), Returned)


def test_the_interpreters_own_imports_give_nothing_to_functions() -> None:
    assert views.import_module("os", None, None, ["__doc__"], 0) is None


def test_every_zone_is_there_once_the_room_is_prepared() -> None:
    views.prepare()
    source = "import zoneinfo\n" + body(
        "return len(zoneinfo.available_timezones()) > 100, str(zoneinfo.ZoneInfo('Asia/Tokyo'))"
    )
    assert run(source) == Returned((True, "Asia/Tokyo"))


def test_guests_do_not_share_their_dice() -> None:
    source = "import random\ndef transform(r): return random.random()"
    assert run(source) != run(source)


def test_a_guard_cannot_be_named() -> None:
    assert all(map(is_reserved, builtins.GUARDS))
    assert set(builtins.GUARDS) == {
        *(name for guard, check, _ in transformer.OPERATORS.values() for name in (guard, check)),
        transformer.READ,
        transformer.WRITE,
        transformer.CLASS,
        transformer.FORMAT,
        transformer.SET_ITEM,
        transformer.SET_ATTRIBUTE,
        transformer.REFUSE_ASYNC,
    }


def test_every_builtin_of_python_is_decided_upon() -> None:
    decided = {
        *builtins.PLAIN, *builtins.EXCEPTIONS, *builtins.GUARDED, *builtins.REFUSED, "print",
        # They come and go with the interpreter, with its prompt, or with its version.
        "copyright", "credits", "license", "BlockingIOError", "BrokenPipeError",
        "ChildProcessError", "ConnectionAbortedError", "ConnectionError",
        "ConnectionRefusedError", "ConnectionResetError", "EncodingWarning", "FileExistsError",
        "FileNotFoundError", "InterruptedError", "IsADirectoryError", "NotADirectoryError",
        "ProcessLookupError", "ResourceWarning", "PythonFinalizationError",
    }  # fmt: skip
    assert {name for name in dir(python_builtins) if not name.startswith("_")} <= decided


def test_what_leads_to_frames_is_known_on_this_python() -> None:
    async def waiting() -> int:
        return 1

    async def producing() -> object:
        yield 1

    coroutine, producer = waiting(), producing()
    coroutine.close()
    frame = inspect.currentframe()
    assert frame is not None
    seen = (coroutine, producer, frame, frame.f_code, (x for x in "a"))
    names = {
        name for value in seen for name in dir(value) if name[:3] in ("cr_", "ag_", "co_", "gi_")
    }
    assert names <= INSPECTION
    assert {name for name in dir(frame) if name.startswith("f_")} <= INSPECTION


def test_every_place_of_a_name_in_the_grammar_is_checked() -> None:
    identifiers = {
        (node.__name__, field)
        for node in vars(ast).values()
        if isinstance(node, type) and issubclass(node, ast.AST)
        for field in node._fields
        if field in ("name", "names", "arg", "id", "attr", "asname", "rest", "kwd_attrs")
        and "deprecated" not in (node.__doc__ or "").lower()
    }
    # Each has a row among the hostile programs; a new one has to get its own.
    assert identifiers <= {
        ("Attribute", "attr"), ("Name", "id"), ("FunctionDef", "name"), ("ClassDef", "name"),
        ("AsyncFunctionDef", "name"), ("Global", "names"), ("Nonlocal", "names"),
        ("Import", "names"), ("ImportFrom", "names"), ("alias", "name"), ("alias", "asname"),
        ("ExceptHandler", "name"), ("arg", "arg"), ("keyword", "arg"), ("MatchAs", "name"),
        ("MatchStar", "name"), ("MatchMapping", "rest"), ("MatchClass", "kwd_attrs"),
        ("TypeAlias", "name"), ("TypeVar", "name"), ("TypeVarTuple", "name"),
        ("ParamSpec", "name"),
    }  # fmt: skip


def test_the_clock_is_real_and_in_utc() -> None:
    outcome = run("import datetime\n" + body("return datetime.datetime.now(datetime.UTC)"))
    assert isinstance(outcome, Returned)
    assert isinstance(outcome.value, datetime)
    assert abs((outcome.value - datetime.now(UTC)).total_seconds()) < 60  # noqa: TID251


def test_the_page_says_what_the_tables_say() -> None:
    assert Path(ROOT, "docs/python-functions.md").read_text() == reference.render()
