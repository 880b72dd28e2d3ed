"""Programs that people write with the language alone, and what they give for `RECORD`."""

from typing import Final

RECORD: Final = {
    "name": "Ada Lovelace",
    "email": " ADA@Example.org ",
    "age": 36,
    "tags": ["a", "b", "a"],
    "address": {"city": "London", "zip": None},
    "spend": "12.50",
}

EXPRESSIONS: Final[dict[str, object]] = {
    # Text.
    "r['email'].strip().lower()": "ada@example.org",
    "r['name'].split()[0].upper()": "ADA",
    "' '.join(reversed(r['name'].split()))": "Lovelace Ada",
    "'ab' * 3 + 'c'": "abababc",
    "'-' * r['age'] == '-' * 36": True,
    "'%s is %d (%5.1f%%)' % (r['name'], r['age'], 99.5)": "Ada Lovelace is 36 ( 99.5%)",
    "'%(name)s' % r": "Ada Lovelace",
    "'%-10s|%+05d|%x' % ('a', 7, 255)": "a         |+0007|ff",
    "'%*d' % (5, 42)": "   42",
    "b'%d-%s' % (7, b'x')": b"7-x",
    "'{0} {1}'.format('a', 'b') + '{} {}'.format('c', 'd')": "a bc d",
    "'{:>6}|{:<6}|{:^6}'.format('a', 'b', 'c')": "     a|b     |  c   ",
    "'{name} {age:03d}'.format(**r)": "Ada Lovelace 036",
    "'{0[address][city]}'.format(r)": "London",
    "'{:{width}.{digits}f}'.format(3.14159, width=8, digits=2)": "    3.14",
    "'{!r:>5}'.format('a')": "  'a'",
    "'{{}}'.format()": "{}",
    "'{name}'.format_map(r)": "Ada Lovelace",
    "list(map('{}!'.format, ['a', 'b']))": ["a!", "b!"],
    "list(map(str.format, ['{}'], [1]))": ["1"],
    "str.format('{}', 1)": "1",
    "'{0.real}'.format(5)": "5",
    "'{.real} {.imag} {} {:{}}'.format(5, 6, 7, 8, 3)": "5 0 7   8",
    'f\'{r["age"]:05d}|{r["name"]!r}|{1_000_000:,}\'': "00036|'Ada Lovelace'|1,000,000",
    "f'{3.14159:.{2}f}'": "3.14",
    "f'{\"a\"!r:>{2 + 3}}'": "  'a'",
    "f'{1=}'": "1=1",
    "f'{{}}{1}'": "{}1",
    "'7'.zfill(3) + 'a'.ljust(3, '.') + 'a'.rjust(3) + 'a'.center(r['age'] - 33)": (
        "007a..  a" + "a".center(3)
    ),
    "'a\\tb'.expandtabs(4)": "a   b",
    "format(1234.5, ',.2f')": "1,234.50",
    "'naïve café'.title()": "Naïve Café",
    "'a-b_c'.translate(str.maketrans('-_', '  '))": "a b c",
    "'ß'.casefold() + 'İ'.lower()[:1]": "ssi",
    "'abc'[::-1] + 'abc'[1:] + 'abc'[-1]": "cbabcc",
    "'é'.encode('utf-8').hex()": "c3a9",
    "bytes.fromhex('c3a9').decode()": "é",
    "ascii('é') + repr('a') + chr(65) + str(ord('a'))": "'\\xe9''a'A97",
    # Numbers.
    "2 ** 10 + 2 ** -1": 1024.5,
    "7 // 2, -7 // 2, 7 % 3, -7 % 3, divmod(7, 3)": (3, -4, 1, 2, (2, 1)),
    "pow(2, 10), pow(3, 4, 5), pow(2, -1)": (1024, 1, 0.5),
    "1 << 20 | 1, 255 >> 4, 6 & 3, 6 ^ 3, ~5": (1048577, 15, 2, 5, -6),
    "1 << r['age']": 1 << 36,
    "r['age'] * r['age'] * 1.5": 1944.0,
    "round(2.675, 2), round(7), round(1234, -2), round(2.5)": (2.67, 7, 1200, 2),
    "int('42') + int('ff', 16) + int(3.9)": 300,
    "float('1.5') + float('-inf') < 0": True,
    "abs(-3), min(1, 2), max([1, 5, 3]), sum([1, 2, 3])": (3, 1, 5, 6),
    "(10 ** 30) // 7 % 1000": (10**30) // 7 % 1000,
    "complex(1, 2).imag": 2.0,
    "hex(255), bin(5), oct(8), (5).bit_length()": ("0xff", "0b101", "0o10", 3),
    "0.1 + 0.2 != 0.3 and 1 < r['age'] < 40 <= 40": True,
    # Containers.
    "[x * 2 for x in range(5) if x % 2]": [2, 6],
    "{k: v for k, v in r.items() if isinstance(v, int)}": {"age": 36},
    "sorted({x for x in r['tags']})": ["a", "b"],
    "list(x + y for x in 'ab' for y in 'cd')": ["ac", "ad", "bc", "bd"],
    "[(i, t) for i, t in enumerate(r['tags'], 1)]": [(1, "a"), (2, "b"), (3, "a")],
    "dict(zip('abc', range(3)))": {"a": 0, "b": 1, "c": 2},
    "{**r['address'], 'zip': 1}": {"city": "London", "zip": 1},
    "[*r['tags'], *(1, 2)]": ["a", "b", "a", 1, 2],
    "{'a': 1} | {'b': 2}": {"a": 1, "b": 2},
    "sorted(r['tags'], key=lambda t: (-ord(t), t), reverse=True)": ["a", "a", "b"],
    "list(map(len, r['name'].split())), list(filter(None, [0, 1, '']))": ([3, 8], [1]),
    "all(r['tags']), any([]), len(r), 'age' in r, 'x' not in r": (True, False, 6, True, True),
    "r.get('missing', 'none'), r.get('missing')": ("none", None),
    "r['address']['zip'] or 'unknown'": "unknown",
    "'adult' if r['age'] >= 18 else 'child'": "adult",
    "tuple([1, 2]) + (3,), [1] * 3, [[0] * 2 for _ in range(2)]": (
        (1, 2, 3),
        [1, 1, 1],
        [[0, 0], [0, 0]],
    ),
    "set('abc') - {'a'} == {'b', 'c'}, frozenset('a') <= {'a'}": (True, True),
    "list(range(10))[slice(1, 9, 3)]": [1, 4, 7],
    "next(iter([]), 'empty'), next(x for x in [1, 2] if x > 1)": ("empty", 2),
    "bytearray(b'ab')[0], list(b'ab')": (97, [97, 98]),
    "(lambda *a, **k: (a, k))(1, *[2], x=3, **{'y': 4})": ((1, 2), {"x": 3, "y": 4}),
    "(n := 10) + n": 20,
    "isinstance(r, dict) and not issubclass(bool, str) and callable(len)": True,
    "type(r) is dict, type(1) == int, type(r).__name__": (True, True, "dict"),
    "isinstance(int, type), type(type(1)) is type": (True, True),
    "type(len).__name__, type(lambda: 0).__name__": ("builtin_function_or_method", "function"),
    "str(type(r)), type('').__module__, str.__name__": ("<class 'dict'>", "builtins", "str"),
    "getattr('a', 'upper')(), getattr(r, 'nothing', 5), hasattr(r, 'items')": ("A", 5, True),
    "hasattr(r, 'upper'), __name__": (False, "builtins"),
    "1 if ... is Ellipsis else 2": 1,
    "isinstance(1, int | str), isinstance([], list)": (True, True),
}

BODIES: Final[dict[str, tuple[str, object]]] = {
    "item augmented": (
        "d = {'a': 1}; d['a'] += 1; d['a'] *= 500; d['a'] -= 1; return d",
        {"a": 999},
    ),
    "item augmented in place": ("a = [[1]]; b = a[0]; a[0] *= 200; return len(b)", 200),
    "other item operators": (
        "d = [7, 2, 'x%s', 3]; d[0] %= 4; d[1] **= 5; d[2] %= 1; d[3] <<= 2; return d",
        [3, 32, "x1", 12],
    ),
    "name augmented": (
        "n = 1; n += 2; n *= 300; n **= 2; n //= 7; n <<= 1; n %= 1000; return n",
        428,
    ),
    "name augmented in place": ("a = b = [1]; a *= 300; a += [2]; return len(b)", 301),
    "slice assigned and deleted": ("a = [1, 2, 3]; a[1:] = [5]; del a[0]; return a", [5]),
    "nested item": ("r['address']['zip'] = 1; return r['address']", {"city": "London", "zip": 1}),
    "property deleted": ("del r['age']; return 'age' in r", False),
    "annotated": ("x: int = 1\ny: 'Unknown[int]'\nd: dict[str, int] = {}\nreturn x", 1),
    "annotated item": ("d = {}\nd['a']: int = 1\nreturn d", {"a": 1}),
    "unpacking": ("a, (b, *c), d = 1, [2, 3, 4], 5; return [a, b, c, d]", [1, 2, [3, 4], 5]),
    "unpacking to items": ("d = {}; d['a'], d['b'] = 1, 2; return d", {"a": 1, "b": 2}),
    "swapping": ("a, b = 1, 2; a, b = b, a; return (a, b)", (2, 1)),
    "chained assignment": ("a = b = c = 3; return a + b + c", 9),
    "while and else": (
        "n = 0\nwhile n < 5:\n  n += 1\n  if n == 2: continue\nelse:\n  n += 100\nreturn n",
        105,
    ),
    "for and break": ("for i in range(9):\n  if i > 3: break\nelse:\n  i = 0\nreturn i", 4),
    "try, except, else, finally": (
        (
            "out = []\ntry:\n  1 / 0\nexcept (ValueError, ZeroDivisionError) as e:\n  out.append(str(e))\n"
            "else:\n  out.append('else')\nfinally:\n  out.append('end')\nreturn out"
        ),
        ["division by zero", "end"],
    ),
    "raise from": (
        (
            "try:\n  try: int('x')\n  except ValueError as e: raise KeyError('k') from e\n"
            "except LookupError as e: return e.args"
        ),
        ("k",),
    ),
    "bare except": ("try: return r['none']\nexcept: return 'none'", "none"),
    "assertion": ("try: assert False, 'no'\nexcept AssertionError as e: return str(e)", "no"),
    "generator": (
        "def g(n):\n  while n:\n    yield n\n    n -= 1\n  yield from 'ab'\nreturn list(g(2))",
        [2, 1, "a", "b"],
    ),
    "generator that is sent to": (
        "def g():\n  x = yield 1\n  yield x * 2\ni = g()\nnext(i)\nreturn i.send(5)",
        10,
    ),
    "closure": (
        (
            "def counter():\n  n = 0\n  def step():\n    nonlocal n\n    n += 1\n    return n\n  return step\n"
            "c = counter(); c()\nreturn c()"
        ),
        2,
    ),
    "decorator": (
        (
            "def twice(f):\n  def inner(*a, **k): return f(*a, **k) * 2\n  return inner\n"
            "@twice\ndef f(x): return x\nreturn f(21)"
        ),
        42,
    ),
    "default and keyword-only arguments": (
        "def f(a, /, b=2, *, c: int = 3) -> int: return a + b + c\nreturn f(1, c=10)",
        13,
    ),
    "recursion": (
        "def f(n): return 1 if n < 2 else n * f(n - 1)\nreturn f(20)",
        2432902008176640000,
    ),
    "function attribute": ("def f(): return f.n\nf.n = 5\nf.n += 1\nf.n *= 101\nreturn f()", 606),
    "private names": ("_x = 1\n__y = 2\ndef _f(_): return _x + __y\nreturn _f(0)", 3),
    "class": (
        (
            "class A:\n  '''Doc.'''\n  kind = 'a'\n  def __init__(self, x): self.x = x\n"
            "  def double(self): return self.x * 2\na = A(2)\na.x += 1\na.x *= 200\nreturn a.double(), a.kind"
        ),
        (1200, "a"),
    ),
    "inheritance": (
        (
            "class A:\n  def __init__(self, x): self.x = x\n  def f(self): return 'a'\n"
            "class B(A):\n  def __init__(self):\n    super().__init__(7)\n  def f(self): return super().f() + 'b'\n"
            "return B().f(), B().x, isinstance(B(), A)"
        ),
        ("ab", 7, True),
    ),
    "explicit base": (
        (
            "class A:\n  def __init__(self, x): self.x = x\n"
            "class B(A):\n  def __init__(self): A.__init__(self, 1)\nreturn B().x"
        ),
        1,
    ),
    "property and methods": (
        (
            "class A:\n  def __init__(self): self._x = 1\n  @property\n  def x(self): return self._x\n"
            "  @x.setter\n  def x(self, v): self._x = v\n  @staticmethod\n  def s(): return 's'\n"
            "  @classmethod\n  def c(cls): return cls.__name__\na = A(); a.x = 5\nreturn a.x, a.s(), A.c()"
        ),
        (5, "s", "A"),
    ),
    "mangled names": (
        (
            "class A:\n  __secret = 1\n  def __init__(self): self.__x = self.__secret + 1\n"
            "  def get(self): return self.__x\nclass B(A):\n  def __init__(self):\n"
            "    super().__init__(); self.__x = 9\nreturn B().get()"
        ),
        2,
    ),
    "special methods": (
        (
            "class V:\n  def __init__(self, x): self.x = x\n  def __add__(self, o): return V(self.x + o.x)\n"
            "  def __eq__(self, o): return self.x == o.x\n  def __hash__(self): return hash(self.x)\n"
            "  def __repr__(self): return f'V({self.x})'\n  def __len__(self): return self.x\n"
            "  def __getitem__(self, i): return i * 1000\n  def __contains__(self, x): return x == self.x\n"
            "  def __iter__(self): return iter(range(self.x))\n  def __call__(self): return 'called'\n"
            "  def __bool__(self): return False\n  def __lt__(self, o): return self.x < o.x\n"
            "  def __mul__(self, n): return V(self.x * n)\n  def __getattr__(self, n): return n\n"
            "v = V(2) + V(1)\nreturn (repr(v), v == V(3), len(v), v[2], 3 in v, list(v), v(), not v,"
            " repr(sorted([V(2), V(1)])), repr(v * 2), v.other, len({V(1), V(1)}))"
        ),
        (
            "V(3)",
            True,
            3,
            2000,
            True,
            [0, 1, 2],
            "called",
            True,
            "[V(1), V(2)]",
            "V(6)",
            "other",
            1,
        ),
    ),
    "context manager": (
        (
            "log = []\nclass C:\n  def __enter__(self): log.append('in'); return self\n"
            "  def __exit__(self, kind, error, trace):\n    log.append((kind.__name__, str(error), trace))\n"
            "    return True\nwith C() as c:\n  raise ValueError('x')\nreturn log"
        ),
        ["in", ("ValueError", "x", None)],
    ),
    "subclass of dict": (
        (
            "class D(dict):\n  def __missing__(self, k): return k.upper()\n"
            "d = D(a=1)\nd['b'] = 2\nreturn d['x'], d['a'], len(d)"
        ),
        ("X", 1, 2),
    ),
    "own exception": (
        (
            "class Bad(ValueError):\n  def __init__(self, code):\n    super().__init__(f'bad {code}')\n"
            "    self.code = code\ntry: raise Bad(5)\nexcept Bad as e: return e.code, str(e)"
        ),
        (5, "bad 5"),
    ),
    "slots": (
        (
            "class P:\n  __slots__ = ('x', 'y')\n  def __init__(self, x, y): self.x, self.y = x, y\n"
            "p = P(1, 2)\ntry: p.z = 1\nexcept AttributeError: return p.x + p.y"
        ),
        3,
    ),
    "setattr on own object": (
        (
            "class A: pass\na = A()\nfor k, v in r['address'].items(): setattr(a, k, v)\n"
            "delattr(a, 'zip')\nreturn a.city, hasattr(a, 'zip')"
        ),
        ("London", False),
    ),
    "match on values and sequences": (
        (
            "out = []\nfor x in (1, 'a', [1, 2, 3], (4,), None, -1):\n  match x:\n    case 1 | 2: out.append('n')\n"
            "    case 'a': out.append('t')\n    case [a, *rest]: out.append((a, rest))\n"
            "    case None: out.append('null')\n    case int() as n if n < 0: out.append('neg')\n"
            "return out"
        ),
        ["n", "t", (1, [2, 3]), (4, []), "null", "neg"],
    ),
    "match on mappings": (
        (
            "match r:\n  case {'address': {'city': str(c)}, 'age': int(a), **rest}:\n"
            "    return c, a, sorted(rest)"
        ),
        ("London", 36, ["email", "name", "spend", "tags"]),
    ),
    "match on classes": (
        (
            "class P:\n  __match_args__ = ('x', 'y')\n  def __init__(self, x, y): self.x, self.y = x, y\n"
            "class K:\n  ONE = 1\nmatch P(1, 2):\n  case P(K.ONE, y=b): return b"
        ),
        2,
    ),
    "global": ("global total\ntotal = 5\nreturn total", 5),
    "star arguments": (
        "def f(*a, k=0, **o): return a, k, o\nreturn f(*[1], **{'k': 2, 'z': 3})",
        ((1,), 2, {"z": 3}),
    ),
    "walrus in a comprehension": ("return [y for x in range(4) if (y := x * x) > 1]", [4, 9]),
    "own function named like a builtin": (
        "def input(x): return x + 1\nvars = 1\nreturn input(vars)",
        2,
    ),
    "async helper that is not called": ("async def f(): return 1\nreturn 5", 5),
    "conditional import": (
        "try:\n  import orjson as json\nexcept ImportError:\n  import json\nreturn json.loads('1')",
        1,
    ),
    "object as a mark": ("none = object()\nreturn r.get('x', none) is none", True),
    "sort in place": ("a = [3, 1, 2]; a.sort(reverse=True); a.append(0); return a", [3, 2, 1, 0]),
    "string building": ("s = ''\nfor c in 'abc': s += c + ','\nreturn s.rstrip(',')", "a,b,c"),
    "pass and docstring": ("'''Doc.'''\npass\nreturn None", None),
    "own objects in formats": (
        "class A: x = 5\nreturn '{0.x} {a.x:>3}'.format(A(), a=A())",
        "5   5",
    ),
    "total of a column": (
        (
            "rows = [{'n': 1, 'g': 'a'}, {'n': 2, 'g': 'b'}, {'n': 3, 'g': 'a'}]\nsums: dict = {}\n"
            "for row in rows: sums[row['g']] = sums.get(row['g'], 0) + row['n']\nreturn sums"
        ),
        {"a": 4, "b": 2},
    ),
}
