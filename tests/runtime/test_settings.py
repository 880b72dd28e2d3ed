from dataclasses import fields
from pathlib import Path

import pytest

from runtime.engine import EngineSettings
from runtime.limits import Limits
from runtime.logs import LogFormat, LogLevel
from runtime.pool import Room
from runtime.sandbox.interface import Language
from runtime.settings import PREFIX, SETTINGS, SettingError, Settings, Tls, read_settings


def test_nothing_told_is_a_local_server_in_one_process() -> None:
    assert read_settings({}, {"HOME": "/"}) == Settings()


def test_a_flag_wins_over_a_variable() -> None:
    variables = {"KILN_RUNTIME_LISTEN": "h:1", "KILN_RUNTIME_PROCESSES": "2"}
    settings = read_settings({"listen": "unix:/s"}, variables)
    assert settings == Settings(listen="unix:/s", processes=2)


def test_everything_can_be_told() -> None:
    told = {
        "listen": "[::1]:8",
        "processes": "3",
        "drain_seconds": "1.5",
        "log_format": "text",
        "log_level": "debug",
        "tls_certificate": "/c",
        "tls_key": "/k",
        "tls_client_ca": "/a",
        "functions": "on",
        "function_languages": "Python",
        "guests": "4",
        "guests_memory_bytes": "1000",
        "guest_batches": "9",
        "attest_seconds": "60",
        "unsafe_allow_missing_walls": "on",
    } | {f"limit_{each.name}": "7" for each in fields(Limits)}
    assert set(told) == {setting.name for setting in SETTINGS}
    assert read_settings(
        {}, {PREFIX + name.upper(): text for name, text in told.items()}
    ) == Settings(
        listen="[::1]:8",
        processes=3,
        drain_seconds=1.5,
        log_format=LogFormat.TEXT,
        log_level=LogLevel.DEBUG,
        tls=Tls(certificate=Path("/c"), key=Path("/k"), client_ca=Path("/a")),
        limits=Limits(**{each.name: 7 for each in fields(Limits)}),
        functions=EngineSettings(
            languages=frozenset({Language.PYTHON}),
            room=Room(guests=4, memory_bytes=1000, guest_batches=9),
            attest_seconds=60,
            allow_missing_walls=True,
        ),
    )


def test_functions_are_on_unless_they_are_turned_off() -> None:
    assert read_settings({}, {}).functions == EngineSettings()
    off = {"functions": "off", "guests": "3"}
    assert read_settings(off, {}) == Settings(functions=None)


def test_walls_are_missing_only_where_that_is_said_to_be_unsafe() -> None:
    assert not EngineSettings().allow_missing_walls
    [flag] = [setting.flag for setting in SETTINGS if "walls" in setting.name]
    assert flag == "--unsafe-allow-missing-walls"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("listen", "nowhere"),
        ("processes", "0"),
        ("processes", "two"),
        ("processes", "999"),
        ("drain_seconds", "-1"),
        ("drain_seconds", "nan"),
        ("drain_seconds", "inf"),
        ("log_format", "xml"),
        ("log_level", "loud"),
        ("limit_batch_records", "0"),
        ("limit_batch_records", "1.5"),
        ("limit_batch_seconds", "soon"),
        ("tls_key", "/k"),
        ("tls_client_ca", "/a"),
        ("no_such", "1"),
        ("functions", "yes"),
        ("function_languages", ""),
        ("function_languages", "Python,Ruby"),
        ("guests", "0"),
        ("attest_seconds", "0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_both_its_names(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=PREFIX):
        read_settings({}, {PREFIX + name.upper(): text})
