"""The settings of every connector: what is kept of what is given, and what is refused."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.interface import Role
from connectors.registry import catalogue
from forms.members import SettingsInvalidError

_ALL = catalogue(with_test_connectors=True)
_HOST_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBYPmb+8vfVVmStlOOBkfkTgZ+M92XXbAvy4lqLRjMnp server"
)

# What is accepted, in canonical form: the least that has to be there, and then everything.
_GOOD: list[tuple[str, dict[str, object]]] = [
    ("filesystem", {"simulateHighIOLatency": False}),
    ("filesystem", {"simulateHighIOLatency": True}),
    ("http-get", {"host": "files.example.com", "port": 443, "headers": []}),
    ("http-get", {"host": "::1", "port": 1, "headers": [{"key": "k" * 100, "value": "v" * 10_000}]}),
    ("http-post", {"host": "10.0.0.1", "port": 65_535, "headers": [{"key": "k", "value": "v"}]}),
    (
        "s3",
        {
            "accessKeyID": "A" * 20,
            "secretAccessKey": "s" * 40,
            "region": "eu-central-1",
            "bucket": "crm",
        },
    ),
    ("sftp", {"host": "h", "port": 22, "username": "u", "password": "p", "hostPublicKey": ""}),
    (
        "sftp",
        {
            "host": "h" * 63,
            "port": 22,
            "username": "u" * 200,
            "password": "p" * 200,
            "hostPublicKey": _HOST_KEY,
        },
    ),
    ("csv", {
        "separator": ";", "numberOfColumns": 1_000, "trimLeadingSpace": True,
        "hasColumnNames": True, "lazyQuotes": True,
    }),
    ("csv", {
        "separator": "\t", "numberOfColumns": 0, "trimLeadingSpace": False,
        "hasColumnNames": False, "lazyQuotes": False,
    }),
    ("excel", {"hasColumnNames": True}),
    ("json", {"properties": [{"key": "a", "value": "t"}, {"key": "_b", "value": "f"}]}),
    ("postgresql", {
        "host": "db", "port": 5432, "username": "u" * 63, "password": "", "database": "d",
        "schema": "s" * 63,
    }),
    ("mysql", {
        "host": "db", "port": 3306, "username": "u" * 16, "password": "p", "database": "d" * 64,
    }),
    ("clickhouse", {"host": "db", "port": 9000, "username": "", "password": "", "database": ""}),
    ("snowflake", {
        "account": "org-acc", "username": "u", "password": "p", "role": "r", "database": "d",
        "schema": "s", "warehouse": "w",
    }),
    ("kafka", {"kafka": {"host": "h", "port": 9092}, "confluent": None, "topic": "a.b_C-1"}),
    ("kafka", {
        "kafka": None, "topic": "t",
        "confluent": {"server": "h.example.com:9092", "key": "k" * 16, "secret": "s"},
    }),
    ("rabbitmq", {"url": "amqp://u:p@h:5672/v", "queue": "q"}),
    ("rabbitmq", {"url": "amqps://h", "queue": "q" * 255}),
    ("brevo", {"apiKey": "k" * 255}),
    ("hubspot", {"accessToken": "~!"}),
    ("klaviyo", {"privateAPIKey": "pk_" + "a1" * 17}),
    ("mailchimp", {"apiKey": "0123-us1", "audience": "a" * 100}),
    ("mailerlite", {"apiKey": "a.b-c"}),
    ("stripe", {"apiKey": "s" * 200}),
    ("mixpanel", {"projectID": "0", "projectToken": "t", "dataResidency": "IN"}),
    ("posthog", {"apiKey": "phc_" + "a" * 43, "cloud": {"projectRegion": "EU"}, "selfHosted": None}),
    ("posthog", {
        "apiKey": "phc_" + "a" * 43, "cloud": None, "selfHosted": {"url": "https://p.example.com:8000/"},
    }),
    ("google-analytics", {
        "measurementID": "AW-1", "apiSecret": "s", "collectionEndpoint": "Global",
    }),
    ("dummy", {
        "customerExportFailPercentage": 100, "operationDelay": "2s-5s",
        "urlForDispatchingEvents": "http://127.0.0.1:1/x",
    }),
    ("dummy", {
        "customerExportFailPercentage": 0, "operationDelay": "", "urlForDispatchingEvents": "",
    }),
]  # fmt: skip

# A connector, a member, and values that it does not take; the rest is as in the first good one.
_BAD: list[tuple[str, str, list[object]]] = [
    ("filesystem", "simulateHighIOLatency", ["true", 1, []]),
    ("http-get", "host", [None, "", "a b", "h:443", "fe80::1%eth0", "-a", "a..b", "h" * 64, 5]),
    ("http-get", "host", [".".join(["h" * 62] * 5)]),
    ("http-get", "port", [None, 0, 65_536, -1, "443", 443.0, True, 10**30]),
    ("http-get", "headers", [{}, "x", [5], [{"key": "k"}], [{"key": "", "value": "v"}]]),
    ("http-get", "headers", [[{"key": "k" * 101, "value": "v"}]]),
    ("http-get", "headers", [[{"key": "k", "value": "v" * 10_001}]]),
    ("http-get", "headers", [[{"key": "k", "value": "v"}] * 101]),
    ("http-post", "host", [None, ""]),
    ("s3", "accessKeyID", [None, "A" * 19, "A" * 21, "é" * 20]),
    ("s3", "secretAccessKey", [None, "s" * 39, "s" * 201]),
    ("s3", "region", [None, "", "EU-CENTRAL-1", "moon-1", 1, ["eu-west-1"], {}]),
    ("s3", "bucket", [None, "ab", "a" * 64, "Abc", ".ab", "-ab", "a_b", "a..b", "xn--ab"]),
    ("s3", "bucket", ["ab-s3alias"]),
    ("sftp", "username", [None, "", "u" * 201]),
    ("sftp", "password", [None, "", "p" * 201]),
    ("sftp", "hostPublicKey", ["not a key", "ssh-rsa AAAA", "k" * 5_001]),
    ("csv", "separator", [None, "", ";;", "\r", "\n", "\ufffd", "\0", "\ud800", 44]),
    ("csv", "numberOfColumns", [-1, 1_001, "5", 1.5]),
    ("csv", "hasColumnNames", ["true", 1]),
    ("csv", "lazyQuotes", [0]),
    ("csv", "trimLeadingSpace", ["no"]),
    ("csv", "useCRLF", ["no"]),
    ("csv", "encoding", ["utf-8"]),
    ("excel", "hasColumnNames", ["yes"]),
    ("excel", "sheet", ["Sheet1"]),
    ("json", "properties", [None, [], {}, [5], [{"key": "a"}], [{"value": "t"}]]),
    ("json", "properties", [[{"key": "a.b", "value": "t"}], [{"key": "1a", "value": "t"}]]),
    ("json", "properties", [[{"key": "a", "value": "T"}], [{"key": "a", "value": True}]]),
    ("json", "properties", [[{"key": "a", "value": "t"}, {"key": "a", "value": "f"}]]),
    ("json", "properties", [[{"key": "a", "value": "t", "x": 1}]]),
    ("postgresql", "username", [None, "", "u" * 64, "é" * 32]),
    ("postgresql", "password", ["p" * 101, 5]),
    ("postgresql", "database", [None, "", "d" * 64]),
    ("postgresql", "schema", [None, "", "s" * 64]),
    ("mysql", "username", [None, "", "u" * 17]),
    ("mysql", "password", [None, "", "p" * 201]),
    ("mysql", "database", [None, "", "d" * 65]),
    ("clickhouse", "username", ["u" * 65]),
    ("clickhouse", "password", ["p" * 101]),
    ("clickhouse", "database", ["d" * 65]),
    ("snowflake", "account", [None, "", "org", "org_acc", "-a", "a" * 255 + "-b"]),
    ("snowflake", "warehouse", [None, "", "w" * 256]),
    ("kafka", "kafka", [None, {}, {"host": "h"}, {"host": "h", "port": 0}]),
    ("kafka", "confluent", [{"server": "h:1", "key": "k" * 16, "secret": "s"}]),
    ("kafka", "topic", [None, "", "a b", "t" * 256]),
    ("rabbitmq", "url", [None, "", "amqp:/", "http://host", "amqp://h h", "amqp://" + "h" * 2_048]),
    ("rabbitmq", "queue", [None, "", "amq.x", "q" * 256]),
    ("brevo", "apiKey", [None, "", "a b", "a\x01", "k" * 256]),
    ("hubspot", "accessToken", [None, "", "a b", "é", "t" * 256]),
    ("klaviyo", "privateAPIKey", [None, "pk_" + "a" * 33, "xk_" + "a" * 40, "pk_" + "-" * 40]),
    ("mailchimp", "apiKey", [None, "", "0123", "0123-us", "-us1"]),
    ("mailchimp", "audience", [None, "", "a" * 101]),
    ("mailerlite", "apiKey", [None, "", "a b", "a\n"]),
    ("stripe", "apiKey", [None, "", "s" * 201, "ß"]),
    ("mixpanel", "projectID", [None, "", "-1", "1.0", 1, "x"]),
    ("mixpanel", "projectToken", [None, "", "t" * 101]),
    ("mixpanel", "dataResidency", [None, "us", "JP"]),
    ("posthog", "apiKey", [None, "phc_" + "a" * 42, "phx_" + "a" * 43]),
    ("posthog", "cloud", [None, {}, {"projectRegion": "IN"}, "EU"]),
    ("posthog", "selfHosted", [{"url": "https://h"}]),
    ("google-analytics", "measurementID", [None, "G", "UA-1", "G-" + "1" * 19]),
    ("google-analytics", "apiSecret", [None, "", "a b"]),
    ("google-analytics", "collectionEndpoint", [None, "US", "global"]),
    ("dummy", "customerExportFailPercentage", [-1, 101, "5"]),
    ("dummy", "operationDelay", ["x", "5", "5s-2s", "25h", "1s-2s-3s", "-1s", 5]),
    ("dummy", "urlForDispatchingEvents", ["x", "ftp://h", "http://"]),
]  # fmt: skip


def _read(code: str, settings: Mapping[str, object], role: Role | None = None) -> dict[str, object]:
    connector = _ALL.by_code[code]
    spec = connector.settings(role or next(iter(connector.roles)))
    assert spec is not None
    return spec.read(settings)


def _least(code: str) -> dict[str, object]:
    return dict(next(settings for each, settings in _GOOD if each == code))


@pytest.mark.parametrize(("code", "settings"), _GOOD)
def test_canonical_settings_are_kept_as_they_are(code: str, settings: dict[str, object]) -> None:
    assert _read(code, settings) == settings


@pytest.mark.parametrize(
    ("code", "member", "value"),
    [(code, member, value) for code, member, values in _BAD for value in values],
)
def test_a_bad_value_is_refused_and_its_member_named(code: str, member: str, value: object) -> None:
    with pytest.raises(SettingsInvalidError) as caught:
        _read(code, {**_least(code), member: value})

    # Of two that exclude each other, the first is named.
    pairs = {"confluent": "kafka", "selfHosted": "cloud"}
    found = caught.value.member.split(".")[0].split("[")[0]
    assert found in (member, pairs.get(member))
    assert caught.value.message


def test_every_connector_with_settings_has_cases() -> None:
    with_settings = {
        each.code for each in _ALL.by_code.values() if any(map(each.settings, each.roles))
    }

    assert {code for code, _ in _GOOD} == {code for code, _, _ in _BAD} == with_settings


def test_connections_ignore_members_that_nobody_knows() -> None:
    settings = _least("mysql")

    assert _read("mysql", {**settings, "Host": "x", "extra": 1}) == settings


def test_null_is_as_good_as_missing() -> None:
    assert _read("filesystem", {"simulateHighIOLatency": None}) == _read("filesystem", {})


def test_formats_take_the_first_letter_in_either_case() -> None:
    """DEC-41: the documents write `HasColumnNames`."""
    assert _read("excel", {"HasColumnNames": True}) == {"hasColumnNames": True}
    assert _read("json", {"Properties": [{"Key": "a", "Value": "t"}]}) == _read(
        "json", {"properties": [{"key": "a", "value": "t"}]}
    )


def test_formats_refuse_other_spellings_and_unknown_members() -> None:
    with pytest.raises(SettingsInvalidError) as caught:
        _read("excel", {"hascolumnnames": True})

    assert caught.value.message == (
        "there is no member `hascolumnnames`, expected `hasColumnNames`"
    )


def test_both_spellings_at_once_are_refused() -> None:
    with pytest.raises(SettingsInvalidError) as caught:
        _read("excel", {"HasColumnNames": True, "hasColumnNames": False})

    assert caught.value.member == "hasColumnNames"


def test_members_of_the_other_role_are_reset() -> None:
    everything: dict[str, object] = {
        "separator": ",",
        "numberOfColumns": 3,
        "hasColumnNames": True,
        "useCRLF": True,
    }

    assert _read("csv", everything, Role.DESTINATION) == {"separator": ",", "useCRLF": True}
    assert "useCRLF" not in _read("csv", everything, Role.SOURCE)


def test_json_is_written_without_properties() -> None:
    assert _read("json", {}, Role.DESTINATION) == {
        "indent": False,
        "generateASCII": False,
        "allowSpecialFloats": False,
    }


def test_only_destinations_have_a_place_for_unfinished_files() -> None:
    settings = {**_least("sftp"), "tempPath": "incoming"}

    assert _read("sftp", settings, Role.DESTINATION)["tempPath"] == "incoming"
    assert "tempPath" not in _read("sftp", settings, Role.SOURCE)
    with pytest.raises(SettingsInvalidError):
        _read("sftp", {**settings, "tempPath": "t" * 1_001}, Role.DESTINATION)


@pytest.mark.parametrize(
    "server", ["h", "h:", ":9092", "h:0", "h:65536", "h h:1", "h:\uff11", "h:123456", "h:x"]
)
def test_a_server_of_confluent_is_a_host_and_a_port(server: str) -> None:
    confluent = {"server": server, "key": "k" * 16, "secret": "s"}

    with pytest.raises(SettingsInvalidError) as caught:
        _read("kafka", {"confluent": confluent, "topic": "t"})

    assert caught.value.member == "confluent.server"


@pytest.mark.parametrize(
    "url",
    [
        "p.example.com",
        "ftp://h",
        "https://",
        "https://h/path",
        "https://h?q",
        "https://h#f",
        "https://u:p@h",
        "https://h:99999",
        "https://[::1",
    ],
)
def test_an_own_posthog_is_a_server_without_path_and_query(url: str) -> None:
    settings = {"apiKey": "phc_" + "a" * 43, "selfHosted": {"url": url}}

    with pytest.raises(SettingsInvalidError) as caught:
        _read("posthog", settings)

    assert caught.value.member == "selfHosted.url"


def test_messages_do_not_tell_secrets() -> None:
    secret = "pk_" + "hunter2 " * 5
    with pytest.raises(SettingsInvalidError) as caught:
        _read("klaviyo", {"privateAPIKey": secret})

    assert "hunter2" not in caught.value.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("code", sorted({code for code, _ in _GOOD}))
@settings(max_examples=25)
@given(data=st.data())
def test_whatever_is_given_is_read_or_refused(code: str, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(_least(code)))
    changed = data.draw(st.dictionaries(names, _JSON, max_size=3))
    try:
        kept = _read(code, {**_least(code), **changed})
    except SettingsInvalidError:
        return
    assert _read(code, kept) == kept
