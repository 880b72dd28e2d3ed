from mapping_lang.types.kinds import StringType, display
from mapping_lang.types.schema import leaves, walk
from mapping_lang.types.schemas.events import EVENT_SCHEMA

# The rows of TYPE-73, in their order.
LEAVES = """
kpid uuid
connectionId anonymousId messageId string
channel category event groupId name previousId userId string
receivedAt sentAt originalTimestamp timestamp datetime
properties traits json
type string
context.app.name context.app.version context.app.build context.app.namespace string
context.browser.name context.browser.other context.browser.version string
context.campaign.name context.campaign.source context.campaign.medium string
context.campaign.term context.campaign.content string
context.consents map(boolean)
context.device.id context.device.advertisingId string
context.device.adTrackingEnabled boolean
context.device.manufacturer context.device.model context.device.name string
context.device.type context.device.token string
context.ip ip
context.library.name context.library.version string
context.locale context.timezone context.userAgent string
context.location.city context.location.country string
context.location.latitude context.location.longitude context.location.speed float(64)
context.network.bluetooth boolean
context.network.carrier string
context.network.cellular context.network.wifi boolean
context.os.name context.os.other context.os.version string
context.page.path context.page.referrer context.page.search context.page.title string
context.page.url string
context.referrer.id context.referrer.type string
context.screen.width context.screen.height int(16)
context.screen.density decimal(3,2)
context.session.id int(64)
context.session.start boolean
"""
ALWAYS = {
    "connectionId",
    "anonymousId",
    "messageId",
    "receivedAt",
    "sentAt",
    "originalTimestamp",
    "timestamp",
    "traits",
    "type",
}
VALUES = {
    "type": ["alias", "identify", "group", "page", "screen", "track"],
    "context.browser.name": [
        "Chrome",
        "Safari",
        "Edge",
        "Firefox",
        "Samsung Internet",
        "Opera",
        "Other",
    ],
    "context.os.name": ["Android", "Windows", "iOS", "macOS", "Linux", "Chrome OS", "Other"],
}


def test_the_properties_of_events_have_their_types() -> None:
    expected = [
        (name, type_)
        for *names, type_ in map(str.split, LEAVES.strip().splitlines())
        for name in names
    ]
    assert [(".".join(path), display(item.type)) for path, item in leaves(EVENT_SCHEMA)] == expected


def test_what_is_not_always_there_may_be_absent_and_nothing_is_null() -> None:
    for path, item in walk(EVENT_SCHEMA):
        assert item.read_optional is (".".join(path) not in ALWAYS)
        assert not item.nullable
        assert not item.create_required
        assert not item.update_required


def test_listed_values_are_those_of_events() -> None:
    listed = {
        ".".join(path): list(item.type.values)
        for path, item in leaves(EVENT_SCHEMA)
        if isinstance(item.type, StringType) and item.type.values
    }
    assert listed == VALUES
