import pytest

from runtime.standalone.commands import FORMAT_NAMES
from runtime.standalone.records.registry import FORMATS, format_of


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        ("a.jsonl", b"[", "jsonl"),
        ("a.NDJSON", b"", "jsonl"),
        ("a.csv", b"[1]", "csv"),
        ("a.tsv", b"", "csv"),
        ("a.parquet", b"", "parquet"),
        ("a.json", b' \n[{"a":1}]', "json"),
        ("a.json", b'{"a":1}', "jsonl"),
        ("a.json", b'\xef\xbb\xbf{"a":1}\n{"a":2}', "jsonl"),
        ("a.json", b'{\n"a":1}', "json"),
        ("a.json", b'{"rows":[{"a":1}]}', "json"),
        ("-", b'{"a":1}\n', "jsonl"),
        ("-", b'{"a":', "json"),
        ("-", b"[", "json"),
        ("-", b"PAR1....", "parquet"),
        ("-", b"a,b\n", "csv"),
        ("-", b"", "csv"),
        ("a.dat", b"a;b", "csv"),
    ],
)
def test_a_format_is_known_by_its_name_and_else_by_its_beginning(
    name: str, head: bytes, format_: str
) -> None:
    assert format_of(name, head).name == format_


def test_the_help_names_every_format() -> None:
    # It is shown without importing them.
    assert tuple(format_.name for format_ in FORMATS) == FORMAT_NAMES
