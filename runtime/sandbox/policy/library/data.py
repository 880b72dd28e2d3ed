"""Modules about structures, identifiers and records."""

import bisect
import collections
import csv
import heapq
import io
import ipaddress
import itertools
import json
import uuid
from typing import Final

from runtime.sandbox.policy.library.table import Module, words

_RECORDS = "return a dict, or write a small class"
_NO_FILES = "functions have no files; parse the text with `loads`"
_ABSTRACT = "leave the annotation out, or compare with `dict`, `list` and the like"

MODULES: Final = (
    Module(
        name="bisect",
        source=bisect,
        names=("bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right"),
        why="All of it.",
    ),
    Module(
        name="collections",
        source=collections,
        names=("ChainMap", "Counter", "OrderedDict", "defaultdict", "deque"),
        why="Containers; not what writes source code (`namedtuple`).",
        missing={
            "namedtuple": _RECORDS,
            "abc": _ABSTRACT,
            "UserDict": "inherit from `dict`",
            "UserList": "inherit from `list`",
            "UserString": "inherit from `str`",
        },
    ),
    Module(
        name="csv",
        source=csv,
        names=words(
            "DictReader DictWriter Error QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE QUOTE_NONNUMERIC reader"
            " writer"
        ),
        why="Reads and writes lines of text: give it a list of lines, or `io.StringIO`.",
    ),
    Module(
        name="heapq",
        source=heapq,
        names=words("heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest"),
        why="All of it.",
    ),
    Module(
        name="io",
        source=io,
        names=("BytesIO", "StringIO"),
        why="Text and bytes in memory; no files.",
        missing={"open": "functions have no files", "FileIO": "functions have no files"},
    ),
    Module(
        name="ipaddress",
        source=ipaddress,
        names=words(
            "AddressValueError IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface"
            " IPv6Network NetmaskValueError ip_address ip_interface ip_network"
        ),
        why="All of it.",
    ),
    Module(
        name="itertools",
        source=itertools,
        names=words(
            "accumulate chain combinations combinations_with_replacement compress count cycle"
            " dropwhile filterfalse groupby islice pairwise permutations product repeat starmap"
            " takewhile tee zip_longest"
        ),
        why="All of it.",
    ),
    Module(
        name="json",
        source=json,
        names=("JSONDecodeError", "dumps", "loads"),
        why="Reads and writes text.",
        missing={"load": _NO_FILES, "dump": "functions have no files; use `dumps`"},
    ),
    Module(
        name="uuid",
        source=uuid,
        names=words(
            "NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 UUID uuid3 uuid4 uuid5"
        ),
        why="Identifiers; not those that hold the address of the machine.",
        missing={"uuid1": "use `uuid.uuid4()`", "getnode": "functions do not see the machine"},
    ),
)
