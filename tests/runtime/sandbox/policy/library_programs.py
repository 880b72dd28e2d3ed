"""Programs that use the library, and what they give."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

EXPRESSIONS: Final[dict[str, dict[str, object]]] = {
    "import datetime, calendar, time": {
        "datetime.date(2024, 2, 29).isoformat()": "2024-02-29",
        "datetime.datetime.strptime('31/12/2023', '%d/%m/%Y')": datetime(2023, 12, 31),  # noqa: DTZ001 - naive is what functions have
        "datetime.datetime(2024, 1, 2, 3, 4).strftime('%d %b %Y %H:%M')": "02 Jan 2024 03:04",
        "datetime.datetime.fromisoformat('2024-01-02T03:04:05+02:00')"
        ".astimezone(datetime.timezone.utc)": datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
        "(datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1)).days": 29,
        "datetime.date(2024, 1, 31) + datetime.timedelta(days=1)": date(2024, 2, 1),
        "f'{datetime.date(2024, 1, 2):%d.%m.%y}'": "02.01.24",
        "'{:%Y}'.format(datetime.date(2024, 1, 2))": "2024",
        "datetime.datetime.now(datetime.UTC).year > 2023": True,
        "datetime.date.today() == datetime.datetime.utcnow().date()": True,
        "datetime.timedelta(hours=25)": timedelta(days=1, hours=1),
        "calendar.monthrange(2024, 2), calendar.month_name[1]": ((3, 29), "January"),
        "time.time() > 1.6e9, time.gmtime(0).tm_year": (True, 1970),
        "time.strftime('%Y', time.strptime('2020', '%Y'))": "2020",
    },
    "from decimal import Decimal, ROUND_HALF_UP": {
        "Decimal('12.345').quantize(Decimal('0.01'), ROUND_HALF_UP)": Decimal("12.35"),
        "Decimal('1.1') * 3 + Decimal(2) ** 3": Decimal("11.3"),
        "str(Decimal('1E+2')), f'{Decimal(\"1234.5\"):,.2f}'": ("1E+2", "1,234.50"),
    },
    "import math, random, statistics": {
        "math.floor(2.7), math.ceil(2.1), math.sqrt(16), math.isclose(0.1 + 0.2, 0.3)": (
            2,
            3,
            4.0,
            True,
        ),
        "math.factorial(5), math.comb(5, 2), math.perm(5, 2), math.gcd(12, 18)": (120, 10, 20, 6),
        "0 <= random.random() < 1 and random.choice([3]) == 3 and random.randint(1, 1) == 1": True,
        "(random.seed(5), random.random()) == (random.seed(5), random.random())": True,
        "statistics.mean([1, 2, 3]), statistics.median([1, 5, 2]), statistics.pstdev([1, 1])": (
            2,
            2,
            0.0,
        ),
    },
    "import json, re, string, textwrap, unicodedata": {
        "json.loads('{\"a\": [1, 2.5, null]}')": {"a": [1, 2.5, None]},
        "json.dumps({'b': 'é', 'a': [True]}, ensure_ascii=False, sort_keys=True)": '{"a": [true], "b": "é"}',
        "json.dumps({1}, default=list)": "[1]",
        "re.sub(r'\\s+', ' ', 'a  b\\n c')": "a b c",
        "re.match(r'(?P<y>\\d{4})-(\\d\\d)', '2024-05').group('y')": "2024",
        "re.compile('A', re.I | re.M).findall('aA')": ["a", "A"],
        "re.sub('(a)', lambda m: m.group(1).upper(), 'banana')": "bAnAnA",
        "[m.start() for m in re.finditer('a', 'banana')], re.split('[,;]', 'a,b;c')": (
            [1, 3, 5],
            ["a", "b", "c"],
        ),
        "re.fullmatch(r'[^@]+@[^@]+', 'a@b') is not None, re.escape('a.b')": (True, "a\\.b"),
        "string.ascii_lowercase[:3] + string.digits[:2], string.capwords('a b')": ("abc01", "A B"),
        "textwrap.shorten('Hello world again', width=12, placeholder='…')": "Hello world…",
        "unicodedata.normalize('NFKD', 'é').encode('ascii', 'ignore').decode()": "e",
    },
    "import base64, binascii, hashlib, hmac, html, uuid, zlib": {
        "base64.b64encode(b'abc').decode(), base64.urlsafe_b64decode('_-8=')": (
            "YWJj",
            b"\xff\xef",
        ),
        "binascii.hexlify(b'a')": b"61",
        "hashlib.sha256(b'a').hexdigest()[:8], hashlib.md5('a'.encode()).hexdigest()[:4]": (
            "ca978112",
            "0cc1",
        ),
        "hmac.new(b'k', b'm', hashlib.sha256).hexdigest()[:6]": "b60090",
        "hmac.compare_digest('a', 'a')": True,
        "html.escape('<a>') + html.unescape('&eacute;')": "&lt;a&gt;é",
        "str(uuid.UUID(int=5)), uuid.uuid5(uuid.NAMESPACE_DNS, 'a').version": (
            "00000000-0000-0000-0000-000000000005",
            5,
        ),
        "len(str(uuid.uuid4()))": 36,
        "zlib.crc32(b'a')": 3904355907,
    },
    "import collections, itertools, functools, operator, heapq, bisect, copy": {
        "collections.Counter('banana').most_common(1)": [("a", 3)],
        "dict(collections.OrderedDict(a=1)), list(collections.deque([1, 2], maxlen=1))": (
            {"a": 1},
            [2],
        ),
        "dict(collections.ChainMap({'a': 1}, {'a': 2, 'b': 3}))": {"a": 1, "b": 3},
        "[(k, len(list(g))) for k, g in itertools.groupby('aab')]": [("a", 2), ("b", 1)],
        "list(itertools.chain.from_iterable([[1], [2]])), list(itertools.islice(itertools.count(), 2))": (
            [1, 2],
            [0, 1],
        ),
        "functools.reduce(lambda a, b: a * b, [1, 2, 3]), functools.partial(int, base=2)('11')": (
            6,
            3,
        ),
        "sorted([{'n': 2}, {'n': 1}], key=operator.itemgetter('n'))[0]": {"n": 1},
        "sorted('cab', key=functools.cmp_to_key(lambda a, b: ord(a) - ord(b)))": ["a", "b", "c"],
        "operator.mul(2, 3), operator.pow(2, 3), operator.mod('%s', 1)": (6, 8, "1"),
        "heapq.nlargest(2, [1, 5, 3]), bisect.bisect([1, 3], 2)": ([5, 3], 1),
        "copy.deepcopy({'a': [1]}), copy.copy([1])": ({"a": [1]}, [1]),
    },
    "import urllib.parse, ipaddress, os, csv, io, difflib": {
        "urllib.parse.urlparse('https://a.b/c?d=1#e').hostname": "a.b",
        "urllib.parse.urlsplit('https://a.b/c?d=1')._replace(query='').geturl()": "https://a.b/c",
        "urllib.parse.parse_qs('a=1&a=2'), urllib.parse.quote('a b/é')": (
            {"a": ["1", "2"]},
            "a%20b/%C3%A9",
        ),
        "urllib.parse.urlencode({'a': 'b c'})": "a=b+c",
        "str(ipaddress.ip_address('::1')), ipaddress.ip_address('10.0.0.1').is_private": (
            "::1",
            True,
        ),
        "'PATH' in os.environ, os.getenv('HOME'), os.environ.get('X', 'y')": (False, None, "y"),
        "os.path.splitext('a/b.csv'), os.path.join('a', 'b')": (("a/b", ".csv"), "a/b"),
        "list(csv.reader(['a,\"b,c\"'])), list(csv.DictReader(['h', '1']))": (
            [["a", "b,c"]],
            [{"h": "1"}],
        ),
        "io.StringIO('a\\nb').readlines()": ["a\n", "b"],
        "difflib.get_close_matches('appel', ['apple', 'pear'])": ["apple"],
    },
}

SOURCES: Final[dict[str, tuple[str, object]]] = {
    "from import": (
        "from datetime import datetime as dt\ndef transform(r): return dt(2020, 1, 1).year",
        2020,
    ),
    "import as": (
        "import urllib.parse as p\nimport decimal as d\ndef transform(r): return p.quote('a b'), str(d.Decimal(1))",
        ("a%20b", "1"),
    ),
    "from package": (
        "from urllib import parse\nfrom os import path\nimport os.path\ndef transform(r): return parse.quote(path.basename('a/é')), os.path.sep if False else 1",
        ("%C3%A9", 1),
    ),
    "star import": ("from math import *\ndef transform(r): return floor(pi)", 3),
    "import in a function": ("def transform(r):\n  import json\n  return json.dumps(r)", "{}"),
    "future import": (
        "'''Doc.'''\nfrom __future__ import annotations\ndef transform(r: Unknown) -> Other: return 1",
        1,
    ),
    "typing": (
        (
            "from typing import Any, Optional, Union, Dict, cast, TYPE_CHECKING\nAlias = Dict[str, Optional[int]] | None\n"
            "def transform(r: Dict[str, Any]) -> Optional[Union[int, str]]: return cast(int, 5)"
        ),
        5,
    ),
    "lru cache": (
        (
            "from functools import lru_cache, wraps\ncalls = []\n@lru_cache(maxsize=None)\ndef f(x):\n  calls.append(x)\n  return x\n"
            "def transform(r): return f(1) + f(1), calls"
        ),
        (2, [1]),
    ),
    "wraps": (
        (
            "from functools import wraps\ndef d(f):\n  @wraps(f)\n  def g(*a): return f(*a)\n  return g\n@d\ndef h(x): return x\n"
            "def transform(r): return h(1), h.__name__"
        ),
        (1, "h"),
    ),
    "total ordering": (
        (
            "from functools import total_ordering\n@total_ordering\nclass A:\n  def __init__(self, x): self.x = x\n"
            "  def __eq__(self, o): return self.x == o.x\n  def __lt__(self, o): return self.x < o.x\n"
            "def transform(r): return A(1) >= A(0), A(1) > A(1)"
        ),
        (True, False),
    ),
    "context managers": (
        (
            "from contextlib import contextmanager, suppress\n@contextmanager\ndef c():\n  yield 5\n"
            "def transform(r):\n  with suppress(KeyError): r['x']\n  with c() as x: return x"
        ),
        5,
    ),
    "defaultdict": (
        "from collections import defaultdict\ndef transform(r):\n  d = defaultdict(list)\n  d['a'].append(1)\n  d['b'] += [2]\n  return dict(d)",
        {"a": [1], "b": [2]},
    ),
    "time zones": (
        (
            "from zoneinfo import ZoneInfo\nfrom datetime import datetime\n"
            "def transform(r): return datetime(2024, 7, 1, tzinfo=ZoneInfo('Europe/Rome')).isoformat()"
        ),
        "2024-07-01T00:00:00+02:00",
    ),
    "own time zone": (
        (
            "import datetime\nclass Z(datetime.tzinfo):\n  def utcoffset(self, d): return datetime.timedelta(hours=1)\n"
            "  def dst(self, d): return None\n"
            "def transform(r): return datetime.datetime(2024, 1, 1, tzinfo=Z()).isoformat()"
        ),
        "2024-01-01T00:00:00+01:00",
    ),
    "module state": (
        "seen = {}\ndef transform(r):\n  seen['n'] = seen.get('n', 0) + 1\n  return seen['n']",
        1,
    ),
    "lambda as the function": ("transform = lambda r: {'a': 1}", {"a": 1}),
    "entry by assignment": ("def f(r): return 1\ntransform = f", 1),
    "class as the function": (
        "class transform:\n  def __new(self): pass\n  def __init__(self, r): pass\n  def __eq__(self, o): return o == 7",
        7,
    ),
    "main guard": (
        "def transform(r): return 1\nif __name__ == '__main__':\n  print(transform({}))",
        1,
    ),
    "encoding line": ("# -*- coding: latin-1 -*-\ndef transform(r): return 'é'", "é"),
    "byte order mark": ("\ufeffdef transform(r): return 1", 1),
    "tabs and carriage returns": ("def transform(r):\r\n\treturn 1\r\n", 1),
    "form feed and no end of line": ("\x0cdef transform(r): return 1 # end", 1),
}
