"""What a function can reach by reading attributes, exhaustively."""

import ipaddress
import json
import re
import types
from collections import Counter
from collections.abc import Iterator
from typing import Final

from runtime.sandbox.policy import builtins
from runtime.sandbox.policy.guards import TypeOf, read_attribute
from runtime.sandbox.policy.library.table import words
from runtime.sandbox.policy.views import VIEWS, View
from tests.runtime.sandbox.policy.running import ignore

FORBIDDEN: Final = (
    types.ModuleType,
    types.FrameType,
    types.CodeType,
    types.TracebackType,
)
SHARED_AND_MUTABLE: Final = (dict, list, set, bytearray)
"""A container of ours: items may be set without a guard."""

MAX_OF_A_TYPE: Final = 20

SAMPLES: Final[tuple[object, ...]] = (
    "", b"", 0, 1.5, 1j, True, None, (), [], {}, set(), frozenset(), range(1), slice(1), ...,
    bytearray(), iter([]), iter({}), {}.items(), zip(), map(str, []), enumerate([]), reversed([]),
    ValueError("x"), KeyError("x"), OSError(2, "x"), UnicodeDecodeError("a", b"", 0, 1, "x"),
    (x for x in "a"), lambda: 0, property(), staticmethod(len), classmethod(repr), super(str, ""),
    list[int], int | str, "".join, str.join, int.mro,
)  # fmt: skip


def readable(value: object) -> Iterator[tuple[str, object]]:
    """Every attribute of an object that a function can read, by text or in its source."""
    for name in {*dir(value), *dir(type(value))}:
        try:
            yield name, read_attribute(value, name)
        except Exception:  # noqa: BLE001, S112 - it cannot be read
            continue


def reachable() -> dict[int, tuple[str, object]]:
    scope = builtins.namespace(ignore)["__builtins__"]
    assert isinstance(scope, dict)
    names = {name: value for name, value in scope.items() if not name.startswith("__")}
    kind_of = TypeOf()
    waiting: list[tuple[str, object]] = [
        *names.items(),
        *VIEWS.items(),
        *((f"sample {position}", sample) for position, sample in enumerate(SAMPLES)),
    ]
    own = {id(sample) for sample in SAMPLES}
    seen: dict[int, tuple[str, object]] = {}
    expanded: Counter[object] = Counter()
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = path, value
        # Classes and views are all looked into; of other objects, some of each type: reading a
        # method makes a new object every time.
        key = value if isinstance(value, type | View) else type(value)
        expanded[key] += 1
        if expanded[key] > MAX_OF_A_TYPE:
            continue
        waiting += [(f"{path}.{name}", content) for name, content in readable(value)]
        waiting.append((f"type({path})", kind_of(value)))
        if isinstance(value, tuple | frozenset):
            waiting += [(f"{path}[…]", item) for item in value]
        if type(value) is types.MappingProxyType:
            waiting += [(f"{path}[…]", item) for item in value.values()]
    return {key: found for key, found in seen.items() if key not in own}


REACHABLE: Final = reachable()


def test_the_search_goes_far() -> None:
    found = [value for _, value in REACHABLE.values()]
    assert len(found) > 1_500
    for value in (str, ipaddress.IPv4Network, re.RegexFlag, VIEWS["urllib.parse"], json.loads):
        assert any(value is each for each in found)


def test_no_module_frame_or_code_can_be_reached() -> None:
    assert [path for path, value in REACHABLE.values() if isinstance(value, FORBIDDEN)] == []


def test_no_container_of_ours_can_be_reached() -> None:
    assert [path for path, value in REACHABLE.values() if type(value) in SHARED_AND_MUTABLE] == []


def test_no_class_that_makes_classes_can_be_reached() -> None:
    found = [
        path
        for path, value in REACHABLE.values()
        if isinstance(value, type) and issubclass(value, type)
    ]
    assert found == []


def test_no_format_method_of_text_can_be_reached() -> None:
    real = {str.format, str.format_map}
    found = [
        path
        for path, value in REACHABLE.values()
        if isinstance(value, types.MethodDescriptorType) and value in real
    ]
    assert found == []


def test_no_special_attribute_that_leads_out_can_be_reached() -> None:
    risky = words(
        "__getattribute__ __reduce__ __reduce_ex__ __subclasses__ __class__ __dict__ __globals__"
        " __code__ __self__ __func__ __wrapped__ __closure__ __mro__ __base__ __bases__ __new__"
        " __init_subclass__ __subclasshook__ __setattr__ __delattr__ __dir__ __getstate__"
    )
    found = [path for path, _ in REACHABLE.values() if path.rsplit(".", 1)[-1] in risky]
    assert found == []


def test_a_view_is_not_a_module_and_has_no_namespace() -> None:
    for name, view in VIEWS.items():
        assert isinstance(view, View)
        assert not hasattr(view, "__dict__"), name
        assert not hasattr(view, "__name__"), name
