"""The page about serving tells every setting and every way that a call can end."""

import re
from pathlib import Path

import runtime
from runtime.sandbox.interface import Language
from runtime.settings import SETTINGS
from runtime.statuses import TABLE
from runtime.wire.tables import ATTESTATION_KEY, functions_service

PAGE = (Path(runtime.__file__).parents[1] / "docs/serving.md").read_text()
ROWS = [row.split(" | ") for row in re.findall(r"(?m)^\| (`.*) \|$", PAGE)]
LIMIT = "--limit-…"


def test_every_setting_is_told_and_no_other() -> None:
    flags = {LIMIT if each.flag.startswith("--limit-") else each.flag for each in SETTINGS}
    assert {flag for row in ROWS for flag in re.findall(r"`(--[^`]+)`", row[0])} == flags


def test_every_reason_is_told_with_its_status() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in ROWS if row[0].strip("`").isupper()}
    assert told == {row.reason: row.status.value for row in TABLE}


def test_where_the_attestation_is_found_is_told() -> None:
    assert f"`{ATTESTATION_KEY}`" in PAGE
    for language in Language:
        assert f"`{functions_service(language)}`" in PAGE
