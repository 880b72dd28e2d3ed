from dataclasses import fields
from pathlib import Path

import pytest

from runtime.limits import Limits
from runtime.logs import LogFormat, LogLevel
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
    )


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
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_both_its_names(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=PREFIX):
        read_settings({}, {PREFIX + name.upper(): text})
