"""Modules about numbers and chance."""

import decimal
import math
import random
import statistics
from typing import Final

from runtime.sandbox.policy.library.table import Module, words

MAX_FACTORIAL: Final = 10_000
"""Its result has 118,000 bits; the time of larger ones grows fast."""

GENERATOR: Final = random.Random()  # noqa: S311 - the function's own dice, no secret depends on them
"""Seeded anew in each guest: guests are forked, and would share one sequence."""


def factorial(n: int) -> int:
    return math.factorial(_bounded("factorial", n))


def comb(n: int, k: int) -> int:
    return math.comb(_bounded("comb", n), k)


def perm(n: int, k: int | None = None) -> int:
    return math.perm(_bounded("perm", n), k)


def _bounded(name: str, n: int) -> int:
    if n > MAX_FACTORIAL:
        raise OverflowError(f"math.{name}() takes at most {MAX_FACTORIAL:,}")
    return n


_CONTEXTS = "round with `Decimal.quantize(…)`; the context is fixed"
_SECRET = "use `uuid.uuid4()`; functions keep no secrets"  # noqa: S105 - a hint

MODULES: Final = (
    Module(
        name="decimal",
        source=decimal,
        names=words(
            "Decimal DecimalException DivisionByZero InvalidOperation Overflow ROUND_05UP"
            " ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP"
            " ROUND_UP"
        ),
        why="Exact numbers; not contexts, which would outlive the record.",
        missing=dict.fromkeys(("Context", "getcontext", "localcontext", "setcontext"), _CONTEXTS),
    ),
    Module(
        name="math",
        source=math,
        names=words(
            "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist e erf"
            " erfc exp exp2 expm1 fabs floor fmod frexp fsum gamma gcd hypot inf isclose isfinite"
            " isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 modf nan nextafter pi pow"
            " prod radians remainder sin sinh sqrt tan tanh tau trunc ulp"
        ),
        own={"comb": comb, "factorial": factorial, "perm": perm},
        why=f"All of it; `factorial`, `comb` and `perm` up to {MAX_FACTORIAL:,}.",
    ),
    Module(
        name="random",
        own={
            name: getattr(GENERATOR, name)
            for name in words(
                "betavariate choice choices expovariate gauss normalvariate randint random"
                " randrange sample seed shuffle triangular uniform"
            )
        },
        why="Chance, seeded differently in every guest unless `seed` is called; not for secrets.",
        missing={"Random": "call `random.seed(…)`", "SystemRandom": _SECRET},
    ),
    Module(
        name="statistics",
        source=statistics,
        names=words(
            "StatisticsError correlation covariance fmean geometric_mean harmonic_mean"
            " linear_regression mean median median_grouped median_high median_low mode multimode"
            " pstdev pvariance quantiles stdev variance"
        ),
        why="Averages and spread.",
    ),
)
