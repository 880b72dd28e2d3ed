"""Who belongs together: links between identities and their clusters, inside Snowflake.

Links are found as on PostgreSQL, by equality joins (DEC-42): those who share a value of an
identifier are put in classes by which identifiers of higher priority they have, and two classes are
linked exactly if they have none of these in common (IR-2).

Clusters are found in rounds. In each of them every cluster that has a link to a smaller one joins
the smallest of these, through chains of any length, and the links between what is now one are left
out. The smallest number of a cluster never changes, so it is the cluster's in the end. A dozen
rounds are enough for millions of identities.

The tables are temporary and made before the transaction, since making one would end it; in it they
are filled, and what filled them is undone with it.
"""

from collections.abc import Iterator
from typing import Final

from mapping_lang.types.kinds import StringType
from warehouse.identity import Resolution
from warehouse.layout import IDENTITIES, Column
from warehouse.snowflake.definition import upper
from warehouse.sql import EMPTY, Sql, commas, compose, join, raw, value

KEYS: Final = "KILN_RESOLUTION_KEYS"
"""What identities are told apart by: a row for each, with its identifiers as text."""
CLASSES: Final = "KILN_RESOLUTION_CLASSES"
PARTNERS: Final = "KILN_RESOLUTION_PARTNERS"
EDGES: Final = "KILN_RESOLUTION_EDGES"
CAUSES: Final = "KILN_RESOLUTION_CAUSES"
LABELS: Final = "KILN_RESOLUTION_LABELS"
HOOKS: Final = "KILN_RESOLUTION_HOOKS"
CLUSTERS: Final = "KILN_RESOLUTION_CLUSTERS"
"""The cluster of every identity, and the id of the profile that it had."""
CLUSTER_PROFILES: Final = "KILN_RESOLUTION_PROFILES"
"""The profile of every cluster."""

LARGEST: Final = 10

_NUMBER: Final = "NUMBER(38,0)"

_TABLES: Final = (
    (CLASSES, (("RANK", _NUMBER), ("V", "VARCHAR"), ("H", "VARCHAR"), ("REP", _NUMBER), ("N", _NUMBER))),
    (PARTNERS, (("RANK", _NUMBER), ("V", "VARCHAR"), ("H", "VARCHAR"), ("N", _NUMBER), ("PARTNER", _NUMBER))),
    (EDGES, (("ROUND", _NUMBER), ("A", _NUMBER), ("B", _NUMBER))),
    (CAUSES, (("RANK", _NUMBER), ("V", "VARCHAR"), ("N", _NUMBER))),
    (LABELS, (("PK", _NUMBER), ("LABEL", _NUMBER))),
    (HOOKS, (("ROUND", _NUMBER), ("OLD", _NUMBER), ("NEW", _NUMBER))),
    (CLUSTERS, (("PK", _NUMBER), ("CLUSTER_PK", _NUMBER), ("OLD", "VARCHAR"))),
    (CLUSTER_PROFILES, (("CLUSTER_PK", _NUMBER), ("SIZE", _NUMBER), ("OLDS", _NUMBER), ("KPID", "VARCHAR"))),
)  # fmt: skip


def tables(asked: Resolution) -> Iterator[Sql]:
    """Make the tables of a resolution, before its transaction."""
    identifiers = tuple((f"I{rank}", "VARCHAR") for rank in range(len(asked.identifiers)))
    keys = (
        ("PK", _NUMBER),
        ("SOURCE", "VARCHAR"),
        ("ID", "VARCHAR"),
        ("ANONYMOUS", "BOOLEAN"),
        ("KPID", "VARCHAR"),
        *identifiers,
    )
    for table, listed in ((KEYS, keys), *_TABLES):
        columns = ", ".join(f'"{name}" {type_}' for name, type_ in listed)
        yield raw(f"CREATE OR REPLACE TEMPORARY TABLE {table} ({columns})")


def links(asked: Resolution) -> Iterator[Sql]:
    """Find the links between identities, and what causes them; nothing that lasts is changed."""
    yield _keys(asked)
    yield raw(
        f"INSERT INTO {EDGES} SELECT 0, e.PK, e.LEADER FROM (SELECT PK,"
        f" MIN(PK) OVER (PARTITION BY SOURCE, ID, ANONYMOUS) AS LEADER FROM {KEYS}) AS e"
        " WHERE e.PK <> e.LEADER"
    )
    for rank in range(len(asked.identifiers)):
        yield from _by_identifier(rank)
    yield raw(f"INSERT INTO {LABELS} SELECT PK, PK FROM {KEYS}")


def _keys(asked: Resolution) -> Sql:
    """Take the identities as they are; what is to be purged is nobody (WH-32)."""
    excluded = sorted(asked.excluded_pipelines)
    where = (
        compose(
            ' WHERE "_PIPELINE" NOT IN ({excluded})',
            excluded=commas(value(each) for each in excluded),
        )
        if excluded
        else EMPTY
    )
    texts = [raw(", ") + _as_text(column) for column in asked.identifier_columns()]
    return compose(
        'INSERT INTO {keys} SELECT "_PK", "_CONNECTION", "_IDENTITY_ID", "_IS_ANONYMOUS",'
        ' "_KPID"{texts} FROM {identities}{where}',
        keys=raw(KEYS),
        texts=join("", texts),
        identities=upper(IDENTITIES),
        where=where,
    )


def _as_text(column: Column) -> Sql:
    if isinstance(column.type, StringType):
        # Nothing at all identifies nobody (DEC-50).
        return compose("NULLIF({column}, '')", column=upper(column.name))
    return compose("TO_VARCHAR({column})", column=upper(column.name))


def _by_identifier(rank: int) -> Iterator[Sql]:
    """Link those who share a value and have no identifier of higher priority in common (IR-2b)."""
    there = [f"CASE WHEN k.I{each} IS NULL THEN '0' ELSE '1' END" for each in range(rank)]
    higher = " || ".join(["''", *there])
    yield raw(
        f"INSERT INTO {CLASSES} SELECT {rank}, e.V, e.H, MIN(e.PK), COUNT(*) FROM ("
        f"SELECT k.PK, k.I{rank} AS V, {higher} AS H,"
        f" COUNT(*) OVER (PARTITION BY k.I{rank}) AS N FROM {KEYS} AS k"
        f" WHERE k.I{rank} IS NOT NULL) AS e WHERE e.N > 1 GROUP BY e.V, e.H"
    )
    disjoint = " AND ".join(
        [
            f"a.RANK = {rank} AND b.RANK = {rank} AND a.V = b.V",
            *(
                f"NOT (SUBSTR(a.H, {each}, 1) = '1' AND SUBSTR(b.H, {each}, 1) = '1')"
                for each in range(1, rank + 1)
            ),
        ]
    )
    yield raw(
        f"INSERT INTO {PARTNERS} SELECT {rank}, a.V, a.H, a.N, MIN(b.REP) FROM {CLASSES} AS a"
        f" JOIN {CLASSES} AS b ON {disjoint} GROUP BY a.V, a.H, a.N"
    )
    yield raw(
        f"INSERT INTO {EDGES} SELECT 0, k.PK, p.PARTNER FROM {KEYS} AS k JOIN {PARTNERS} AS p"
        f" ON p.RANK = {rank} AND p.V = k.I{rank} AND p.H = {higher} WHERE k.PK <> p.PARTNER"
    )
    if rank:
        yield raw(
            f"INSERT INTO {EDGES} SELECT 0, a.REP, b.REP FROM {CLASSES} AS a"
            f" JOIN {CLASSES} AS b ON {disjoint} AND a.REP < b.REP"
        )
    yield raw(
        f"INSERT INTO {CAUSES} SELECT {rank}, V, SUM(N) FROM {PARTNERS} WHERE RANK = {rank}"
        " GROUP BY V HAVING SUM(N) > 1"
    )


def hook(number: int) -> Sql:
    """Let every cluster join the smallest of those it has a link to; changes none at the end."""
    return raw(
        f"INSERT INTO {HOOKS} SELECT {number}, GREATEST(A, B), MIN(LEAST(A, B)) FROM {EDGES}"
        f" WHERE ROUND = {number} AND A <> B GROUP BY GREATEST(A, B)"
    )


def shorten(number: int) -> Sql:
    """Halve the chains of those who join who joins; changes none when there is none left."""
    return raw(
        f"UPDATE {HOOKS} SET NEW = n.NEW FROM (SELECT OLD, NEW FROM {HOOKS}"
        f" WHERE ROUND = {number}) AS n WHERE {HOOKS}.ROUND = {number} AND {HOOKS}.NEW = n.OLD"
    )


def relabel(number: int) -> Iterator[Sql]:
    """Tell everybody their cluster, and keep the links between clusters for the next round."""
    yield raw(
        f"UPDATE {LABELS} SET LABEL = h.NEW FROM {HOOKS} AS h"
        f" WHERE h.ROUND = {number} AND {LABELS}.LABEL = h.OLD"
    )
    yield raw(
        f"INSERT INTO {EDGES} SELECT DISTINCT {number + 1}, e.A, e.B FROM ("
        f"SELECT COALESCE(h.NEW, x.A) AS A, COALESCE(g.NEW, x.B) AS B FROM {EDGES} AS x"
        f" LEFT JOIN {HOOKS} AS h ON h.ROUND = {number} AND h.OLD = x.A"
        f" LEFT JOIN {HOOKS} AS g ON g.ROUND = {number} AND g.OLD = x.B"
        f" WHERE x.ROUND = {number}) AS e WHERE e.A <> e.B"
    )


def clusters() -> Iterator[Sql]:
    """Give every identity a cluster, and every cluster the id of a profile (IR-5, IR-10)."""
    yield raw(
        f"INSERT INTO {CLUSTERS} SELECT k.PK, l.LABEL, k.KPID FROM {KEYS} AS k"
        f" JOIN {LABELS} AS l ON l.PK = k.PK"
    )
    # A profile that was taken apart keeps its id nowhere, one that was merged neither.
    yield raw(
        f"INSERT INTO {CLUSTER_PROFILES} SELECT f.CLUSTER_PK, f.SIZE, f.OLDS,"
        " CASE WHEN f.OLDS = 1 AND kept.ONE IS NOT NULL THEN f.ONE ELSE UUID_STRING() END"
        f" FROM (SELECT CLUSTER_PK, COUNT(*) AS SIZE, MIN(OLD) AS ONE,"
        f" COUNT(DISTINCT OLD) AS OLDS FROM {CLUSTERS} GROUP BY CLUSTER_PK) AS f"
        f" LEFT JOIN (SELECT ONE FROM (SELECT MIN(OLD) AS ONE FROM {CLUSTERS}"
        " GROUP BY CLUSTER_PK HAVING COUNT(DISTINCT OLD) = 1) AS single"
        " GROUP BY ONE HAVING COUNT(*) = 1) AS kept ON kept.ONE = f.ONE"
    )


def too_many(asked: Resolution) -> Sql:
    """Look for the value that brings together the most identities, above what is allowed."""
    return compose(
        f"SELECT RANK, V, N FROM {CAUSES} WHERE N > {{limit}} ORDER BY N DESC, RANK, V LIMIT 1",
        limit=value(asked.max_merged),
    )


SUMMARY: Final = raw(
    f"SELECT (SELECT COUNT(*) FROM {CLUSTERS}), (SELECT COUNT(*) FROM {CLUSTER_PROFILES}),"
    f" (SELECT COUNT(DISTINCT c.OLD) FROM {CLUSTERS} AS c"
    f" JOIN {CLUSTER_PROFILES} AS p ON p.CLUSTER_PK = c.CLUSTER_PK WHERE p.OLDS > 1),"
    f" (SELECT COUNT(*) FROM (SELECT OLD FROM {CLUSTERS} WHERE OLD IS NOT NULL"
    " GROUP BY OLD HAVING COUNT(DISTINCT CLUSTER_PK) > 1) AS apart),"
    f" (SELECT COUNT(*) FROM {CLUSTER_PROFILES} WHERE OLDS = 0)"
)

LARGEST_PROFILES: Final = raw(
    f"SELECT SIZE FROM {CLUSTER_PROFILES} ORDER BY SIZE DESC LIMIT {LARGEST}"
)

LARGEST_CAUSES: Final = raw(
    f"SELECT RANK, V, N FROM {CAUSES} ORDER BY N DESC, RANK, V LIMIT {LARGEST}"
)
