"""Texts that look like something, at random: many, cheap, and broken in a measured way.

Hypothesis is too slow for a hundred thousand records, and its examples are too unlike each other:
most guards look at whole columns, so whole columns have to be clean, or nearly.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Final

from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

Form = Callable[[Random], str]
"""Writes a text that looks like something."""

NASTY: Final[tuple[str, ...]] = (
    *"0123456789+-.,:/eExX_ TZtz\"'\\{}[]()%\n\t\0\x1c\x1f\x7f\x85\xa0",
    *"éßÉİıǅΣσςﬁÿ٣２\u1680\u2003\u2028\u200b日😀ᲊꟋ\U00010d50",
    *("", "  ", "--", "00", "null", "NaN", "e5", "+00:00", "-00:00", "1e400", "\r\n"),
)
"""What a mutation puts into a text."""


def _digits(chance: Random, least: int, most: int) -> str:
    return "".join(chance.choices("0123456789", k=chance.randint(least, most)))


def _int(chance: Random) -> str:
    edges = (0, 1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64)
    number = chance.choice(edges) if chance.random() < 0.2 else chance.randint(0, 10**4)
    return chance.choice(("", "", "", "-")) + str(number)


def _decimal(chance: Random) -> str:
    sign = chance.choice(("", "", "", "-", "+"))
    whole = chance.choice(("0", str(chance.randint(1, 10**5)), _digits(chance, 0, 12)))
    fraction = chance.choice(("", "", f".{_digits(chance, 0, 3)}", f".{_digits(chance, 0, 12)}"))
    exponent = chance.choice(("",) * 8 + (f"e{chance.randint(-6, 6)}", "E+2"))
    return sign + whole + fraction + exponent


def _json_integers(chance: Random) -> str:
    return str(chance.randint(-(10**6), 10**6))


def _small(chance: Random) -> str:
    return str(chance.randint(0, 9))


def _money(chance: Random) -> str:
    return f"{chance.randint(0, 10**7) / 100:.2f}"


def _float(chance: Random) -> str:
    number = chance.choice((chance.random(), chance.uniform(-1e6, 1e6), chance.gauss(0, 1e-6)))
    special = ("NaN", "inf", "-Infinity", "1e308", "1e309", "-0", "5e-324", "0x1p-2", "1_000.5")
    return chance.choice(special) if chance.random() < 0.1 else f"{number!r}"


def _date(chance: Random) -> str:
    day = date(1, 1, 1) + timedelta(days=chance.randrange(3_652_059))
    return day.isoformat()


def _usual_date(chance: Random) -> str:
    return (
        f"{chance.randrange(1940, 2030)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 32):02}"
    )


def _other_date(chance: Random) -> str:
    month, day, year = chance.randrange(13), chance.randrange(32), chance.randrange(10_000)
    point = chance.choice("/.-")
    return chance.choice(
        (
            f"{month:02}{point}{day:02}{point}{year:04}",
            str(chance.randrange(80_000)),
            f"{chance.randrange(90_000)}.5",
            f"{chance.randrange(0, 10_001):04}-02-{chance.choice((28, 29, 30))}",
        )
    )


def _fraction(chance: Random) -> str:
    return chance.choice(("", "", f".{_digits(chance, 3, 3)}", f".{_digits(chance, 1, 9)}"))


def _clock(chance: Random) -> str:
    return f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"


def _time(chance: Random) -> str:
    return _clock(chance) + _fraction(chance)


def _even_instant(chance: Random) -> str:
    return f"{_usual_date(chance)}T{_clock(chance)}.{_digits(chance, 3, 3)}Z"


def _instant(chance: Random) -> str:
    day = _date(chance) if chance.random() < 0.5 else _usual_date(chance)
    zone = chance.choice(("Z", "Z", "Z", "+02:00", "-00:00", "+00:00", "-23:59", "+24:00", ""))
    middle = chance.choice(("T",) * 9 + (" ",))
    return f"{day}{middle}{_time(chance)}{zone}"


def _zoned_instant(chance: Random) -> str:
    return f"{_usual_date(chance)}T{_clock(chance)}{chance.choice('+-')}0{chance.randrange(10)}:30"


def _boolean(chance: Random) -> str:
    return chance.choice(("true", "false", "yes", "No", "TRUE", "False"))


def _year(chance: Random) -> str:
    return str(chance.choice((chance.randint(1, 9999), chance.randint(1900, 2100))))


def _uuid(chance: Random) -> str:
    plain = f"{chance.getrandbits(128):032x}"
    dashed = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    if chance.random() < 0.8:
        return dashed
    return chance.choice((plain, dashed.upper(), f"urn:uuid:{dashed}", f"{{{dashed}}}"))


def _ip(chance: Random) -> str:
    if chance.random() < 0.8:
        return ".".join(str(chance.randint(0, 255)) for _ in range(4))
    return chance.choice(
        ("::1", "2001:DB8::1", "fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3.256", "01.2.3.4")
    )


def _words(chance: Random) -> str:
    words = (
        "ada",
        "LOVELACE",
        "o'neil",
        "mc-donald",
        "x1y",
        "a_b",
        "josé",
        "élan",
        "ßen",
        "İz",
        "日本",
    )
    return chance.choice((" ", "-", "\u00a0")).join(chance.choices(words, k=chance.randint(1, 3)))


def _ascii_words(chance: Random) -> str:
    return " ".join(
        chance.choices(("ada", "LOVELACE", "van", "1st", "a_b"), k=chance.randint(1, 3))
    )


def _padded(chance: Random) -> str:
    spaces = ("", " ", "  ", "\t", "\u2003", "\x1c", "\x85")
    return chance.choice(spaces) + _ascii_words(chance) + chance.choice(spaces)


def _few(chance: Random) -> str:
    return chance.choice(("US", "IT", "", "a", "b"))


def _any(chance: Random) -> str:
    return "".join(chance.choices(NASTY, k=chance.randint(0, 6)))


def json_scalar(chance: Random) -> str:
    """Write a JSON value that holds no other."""
    form = chance.choice((*TEXT_FORMS, _decimal, _int))
    text = form(chance)
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return json.dumps(text, ensure_ascii=chance.random() < 0.2)
    return text


def _no_constant(_: str) -> object:
    raise ValueError


def _array(chance: Random) -> str:
    return f"[{','.join(json_scalar(chance) for _ in range(chance.randint(0, 3)))}]"


def _object(chance: Random) -> str:
    return (
        f'{{"a":{json_scalar(chance)},"b":{_json_integers(chance)},"k":"{_ascii_words(chance)}"}}'
    )


def _json(chance: Random) -> str:
    kind = chance.random()
    if kind < 0.1:
        return "null"
    if kind < 0.45:
        return json_scalar(chance)
    if kind < 0.6:
        return _array(chance)
    names = chance.sample(("a", "b", "k", "é"), k=chance.randint(0, 3))
    space = chance.choice(("", "", " "))
    inner = (
        f'"{name}":{space}{json_scalar(chance) if chance.random() < 0.8 else _json(chance)}'
        for name in names
    )
    return f"{{{space}{','.join(inner)}}}{space}"


TEXT_FORMS: Final[tuple[Form, ...]] = (
    _int, _decimal, _money, _float, _date, _usual_date, _other_date, _time, _even_instant,
    _instant, _zoned_instant, _boolean, _year, _uuid, _ip, _words, _ascii_words, _padded, _few,
    _any,
)  # fmt: skip


JSON_FORMS: Final[tuple[Form, ...]] = (_json, _json, _object, json_scalar)
"""Ways to write JSON."""


def _quoted(form: Form) -> Form:
    return lambda chance: json.dumps(form(chance))


TEXT_FORMS_OF: Final[Mapping[type[Type], tuple[Form, ...]]] = {
    BooleanType: (_boolean,),
    IntType: (_json_integers, _year, _int),
    FloatType: (_money, _float, _decimal),
    DecimalType: (_money, _small, _decimal),
    DatetimeType: (_even_instant, _even_instant, _instant, _zoned_instant),
    DateType: (_usual_date, _date, _other_date),
    TimeType: (_clock, _time),
    YearType: (_year,),
    UuidType: (_uuid,),
    IpType: (_ip,),
    JsonType: (_json,),
}
"""Ways to write what converts to a kind."""

JSON_FORMS_OF: Final[Mapping[type[Type], tuple[Form, ...]]] = {
    BooleanType: (lambda chance: chance.choice(("true", "false", "null")),),
    IntType: (_json_integers,),
    FloatType: (_money, _json_integers),
    DecimalType: (_money, _small),
    DatetimeType: (_quoted(_even_instant), _quoted(_instant)),
    DateType: (_quoted(_usual_date), _quoted(_date)),
    TimeType: (_quoted(_clock), _quoted(_time)),
    YearType: (_year,),
    UuidType: (_quoted(_uuid),),
    IpType: (_quoted(_ip),),
    StringType: (_quoted(_ascii_words), json_scalar, _quoted(_words)),
    ArrayType: (_array,),
    MapType: (_object,),
    ObjectType: (_object,),
}


def mutated(text: str, chance: Random) -> str:
    """Break a text in one place."""
    place = chance.randint(0, len(text))
    width = chance.choice((0, 0, 1, 1, 2))
    return text[:place] + chance.choice(NASTY) + text[place + width :]


def texts(chance: Random, form: Form, count: int, dirty: float) -> list[str]:
    """Write texts of one form, some of them broken."""
    written = [form(chance) for _ in range(count)]
    return [mutated(text, chance) if chance.random() < dirty else text for text in written]
