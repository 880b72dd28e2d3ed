"""The schema of events, the same for everyone (TYPE-73)."""

from typing import Final

from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
    UuidType,
)

_TEXT: Final = StringType()
_FLAG: Final = BooleanType()
_INSTANT: Final = DatetimeType()
_DEGREES: Final = FloatType(64)
_PIXELS: Final = IntType(16)

_BROWSERS: Final = ("Chrome", "Safari", "Edge", "Firefox", "Samsung Internet", "Opera", "Other")
_SYSTEMS: Final = ("Android", "Windows", "iOS", "macOS", "Linux", "Chrome OS", "Other")
_EVENT_TYPES: Final = ("alias", "identify", "group", "page", "screen", "track")


def _maybe(**types: Type) -> tuple[Property, ...]:
    return tuple(Property(name, type_, read_optional=True) for name, type_ in types.items())


def _always(**types: Type) -> tuple[Property, ...]:
    return tuple(Property(name, type_) for name, type_ in types.items())


def _texts(*names: str) -> tuple[Property, ...]:
    return _maybe(**dict.fromkeys(names, _TEXT))


_CONTEXT: Final = ObjectType(
    _maybe(
        app=ObjectType(_texts("name", "version", "build", "namespace")),
        browser=ObjectType(
            (*_maybe(name=StringType(values=_BROWSERS)), *_texts("other", "version"))
        ),
        campaign=ObjectType(_texts("name", "source", "medium", "term", "content")),
        consents=MapType(_FLAG),
        device=ObjectType(
            (
                *_texts("id", "advertisingId"),
                *_maybe(adTrackingEnabled=_FLAG),
                *_texts("manufacturer", "model", "name", "type", "token"),
            )
        ),
        ip=IpType(),
        library=ObjectType(_texts("name", "version")),
        locale=_TEXT,
        timezone=_TEXT,
        userAgent=_TEXT,
        location=ObjectType(
            (
                *_texts("city", "country"),
                *_maybe(latitude=_DEGREES, longitude=_DEGREES, speed=_DEGREES),
            )
        ),
        network=ObjectType(_maybe(bluetooth=_FLAG, carrier=_TEXT, cellular=_FLAG, wifi=_FLAG)),
        os=ObjectType((*_maybe(name=StringType(values=_SYSTEMS)), *_texts("other", "version"))),
        page=ObjectType(_texts("path", "referrer", "search", "title", "url")),
        referrer=ObjectType(_texts("id", "type")),
        screen=ObjectType(_maybe(width=_PIXELS, height=_PIXELS, density=DecimalType(3, 2))),
        session=ObjectType(_maybe(id=IntType(64), start=_FLAG)),
    )
)

EVENT_SCHEMA: Final[Schema] = ObjectType(
    (
        *_maybe(kpid=UuidType()),
        *_always(connectionId=_TEXT, anonymousId=_TEXT, messageId=_TEXT),
        *_texts("channel", "category", "event", "groupId", "name", "previousId", "userId"),
        *_always(
            receivedAt=_INSTANT, sentAt=_INSTANT, originalTimestamp=_INSTANT, timestamp=_INSTANT
        ),
        *_maybe(properties=JsonType()),
        *_always(traits=JsonType(), type=StringType(values=_EVENT_TYPES)),
        *_maybe(context=_CONTEXT),
    )
)
"""Nothing in it is ever null; what is not always there is absent."""
