"""The catalogue says of every connector what CONN-2 says."""

import pytest

from connectors.interface import Connector, ConnectorType, Role, SendingMode, Target
from connectors.registry import CONNECTORS, TEST_CONNECTORS, catalogue

# code: type, targets as source, targets as destination, roles with settings, sending mode.
_FACTS = {
    "brevo": ("Application", "User", "User Event", "Source Destination", "Server"),
    "dummy": ("Application", "User", "User Event", "Source Destination", "Server"),
    "google-analytics": ("Application", "", "Event", "Destination", "Server"),
    "hubspot": ("Application", "User", "User", "Source Destination", ""),
    "klaviyo": ("Application", "User", "User Event", "Source Destination", "Server"),
    "mailchimp": ("Application", "User", "User", "Source Destination", ""),
    "mailerlite": ("Application", "User", "User", "Source Destination", ""),
    "mixpanel": ("Application", "", "Event", "Destination", "Server"),
    "posthog": ("Application", "", "Event", "Destination", "Server"),
    "stripe": ("Application", "User", "User", "Source Destination", ""),
    "clickhouse": ("Database", "User", "User", "Source Destination", ""),
    "mysql": ("Database", "User", "User", "Source Destination", ""),
    "postgresql": ("Database", "User", "User", "Source Destination", ""),
    "snowflake": ("Database", "User", "User", "Source Destination", ""),
    "filesystem": ("FileStorage", "User", "User", "Source Destination", ""),
    "http-get": ("FileStorage", "User", "", "Source", ""),
    "http-post": ("FileStorage", "", "User", "Destination", ""),
    "s3": ("FileStorage", "User", "User", "Source Destination", ""),
    "sftp": ("FileStorage", "User", "User", "Source Destination", ""),
    "csv": ("File", "User", "User", "Source Destination", ""),
    "json": ("File", "User", "User", "Source Destination", ""),
    "excel": ("File", "User", "User", "Source", ""),
    "parquet": ("File", "User", "User", "", ""),
    "javascript": ("SDK", "User Event", "", "", ""),
    "android": ("SDK", "User Event", "", "", ""),
    "ios": ("SDK", "User Event", "", "", ""),
    "dotnet": ("SDK", "User Event", "", "", ""),
    "go": ("SDK", "User Event", "", "", ""),
    "java": ("SDK", "User Event", "", "", ""),
    "nodejs": ("SDK", "User Event", "", "", ""),
    "python": ("SDK", "User Event", "", "", ""),
    "webhook": ("Webhook", "User Event", "", "", ""),
    "segment": ("Webhook", "User Event", "", "", ""),
    "rudderstack": ("Webhook", "User Event", "", "", ""),
    "kafka": ("MessageBroker", "Event", "", "Source", ""),
    "rabbitmq": ("MessageBroker", "Event", "", "Source", ""),
}
_ALL = catalogue(with_test_connectors=True)


def _facts(connector: Connector) -> tuple[ConnectorType, dict[Role, frozenset[Target]], set[Role]]:
    targets = {role: connector.targets(role) for role in Role}
    return connector.type, targets, {role for role in Role if connector.settings(role)}


@pytest.mark.parametrize("code", _FACTS)
def test_a_connector_has_its_type_targets_and_settings(code: str) -> None:
    type_, source, destination, with_settings, sending_mode = _FACTS[code]
    connector = _ALL.by_code[code]

    assert _facts(connector) == (
        ConnectorType(type_),
        {
            Role.SOURCE: frozenset(map(Target, source.split())),
            Role.DESTINATION: frozenset(map(Target, destination.split())),
        },
        set(map(Role, with_settings.split())),
    )
    assert connector.sending_mode == (SendingMode(sending_mode) if sending_mode else None)
    assert connector.oauth is None


def test_no_code_is_left_out_or_there_twice() -> None:
    codes = [connector.code for connector in (*CONNECTORS, *TEST_CONNECTORS)]

    assert sorted(codes) == sorted(_FACTS)


def test_only_three_sdks_have_strategies() -> None:
    assert {each.code for each in CONNECTORS if each.has_strategies} == {
        "javascript",
        "android",
        "ios",
    }


def test_only_excel_has_sheets() -> None:
    assert {each.code for each in CONNECTORS if each.has_sheets} == {"excel"}


def test_formats_have_the_extension_of_their_files() -> None:
    found = {each.code: each.extension for each in CONNECTORS if each.extension}

    assert found == {"csv": "csv", "json": "json", "excel": "xlsx", "parquet": "parquet"}


def test_the_test_application_is_not_offered_unless_asked_for() -> None:
    assert catalogue().find("dummy") is None
    assert _ALL.find("dummy") in TEST_CONNECTORS


def test_codes_are_case_sensitive() -> None:
    assert _ALL.find("CSV") is None
    assert _ALL.find("") is None


def test_the_catalogue_is_sorted_by_label() -> None:
    labels = [each.label.casefold() for each in _ALL.sorted()]

    assert labels == sorted(labels)
    assert len(labels) == len(_FACTS)
