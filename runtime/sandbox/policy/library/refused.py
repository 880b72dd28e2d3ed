"""Modules that functions do not have, and what to do instead."""

from typing import Final

_NETWORK = "functions have no network; bring the data in with a connection"
_FILES = "functions have no files; bring the data in with a connection"
_MACHINE = "functions do not see the machine or its processes"
_THREADS = "one record is transformed at a time, in one thread"
_INSPECTION = "functions do not look into themselves"
_COMPRESSION = "a few bytes can give gigabytes; decompress where data is read"
_THIRD_PARTY = "only the standard library is available"

MODULES: Final[dict[str, str]] = {
    "abc": "a class needs no abstract base here",
    "array": "use a list",
    "ast": _INSPECTION,
    "asyncio": _THREADS,
    "builtins": "the builtins need no import",
    "bz2": _COMPRESSION,
    "codecs": "use `str.encode` and `bytes.decode`",
    "collections.abc": "leave the annotation out, or compare with `dict`, `list` and the like",
    "concurrent": _THREADS,
    "configparser": _FILES,
    "ctypes": _MACHINE,
    "dataclasses": "write a class with `__init__`, or return a dict",
    "dateutil": "use `datetime.datetime.fromisoformat` or `strptime`",
    "dis": _INSPECTION,
    "email": "parse the text with `re` or `str.split`",
    "enum": "write a class with constants, or a dict",
    "fractions": "use `decimal.Decimal`",
    "gc": _INSPECTION,
    "getpass": _MACHINE,
    "glob": _FILES,
    "gzip": _COMPRESSION,
    "http": _NETWORK,
    "httpx": _NETWORK,
    "importlib": "write the import; the table of modules is fixed",
    "inspect": _INSPECTION,
    "locale": "format numbers with f-strings",
    "logging": "use `print`: what it prints is shown in tests",
    "lzma": _COMPRESSION,
    "marshal": "use `json`",
    "multiprocessing": _THREADS,
    "numpy": _THIRD_PARTY,
    "pandas": _THIRD_PARTY,
    "pathlib": "use `os.path`: functions have no files",
    "pickle": "use `json`: reading a pickle runs code",
    "platform": _MACHINE,
    "pprint": "use `print` or `json.dumps(…, indent=2)`",
    "pytz": "use `zoneinfo`",
    "requests": _NETWORK,
    "secrets": "use `uuid.uuid4()`; functions keep no secrets",
    "select": _NETWORK,
    "shutil": _FILES,
    "signal": _MACHINE,
    "socket": _NETWORK,
    "sqlite3": _FILES,
    "ssl": _NETWORK,
    "struct": "use `int.from_bytes` and `int.to_bytes`",
    "subprocess": _MACHINE,
    "sys": "to reject a record, raise an exception; to show something, `print`",
    "tempfile": _FILES,
    "threading": _THREADS,
    "traceback": _INSPECTION,
    "types": _INSPECTION,
    "typing_extensions": "use `typing`: annotations are ignored",
    "unittest": "test a transformation from outside",
    "urllib3": _NETWORK,
    "warnings": "use `print`",
    "weakref": _INSPECTION,
    "xml": "parse the text with `re`, or bring the data in with a connection",
    "yaml": "use `json`",
    "zipfile": _COMPRESSION,
}
