"""Who belongs together: links between identities and their clusters, inside PostgreSQL.

Links are found by equality joins, never by looking at all pairs (DEC-42). Those who share a value
of an identifier are put in classes by which identifiers of higher priority they have: two of them
are linked exactly if their classes have none of these in common (IR-2), so that one link for each
member, and one for each pair of classes, connect the same identities as all pairs would.

Clusters are found by a union-find over the links, in a block of PL/pgSQL: the parent of a node is
always smaller, so that one pass in order flattens all of them.
"""

from collections.abc import Iterator
from typing import Final

from mapping_lang.types.kinds import IpType, StringType
from warehouse.identity import Resolution
from warehouse.layout import IDENTITIES, Column
from warehouse.sql import Sql, compose, join, name, raw, value

KEYS: Final = "kiln_resolution_keys"
"""What identities are told apart by: a row for each, with its identifiers as text."""
EDGES: Final = "kiln_resolution_edges"
CAUSES: Final = "kiln_resolution_causes"
LABELS: Final = "kiln_resolution_labels"
CLUSTERS: Final = "kiln_resolution_clusters"
"""The cluster of every identity, and the id of the profile that it had."""
CLUSTER_PROFILES: Final = "kiln_resolution_profiles"
"""The profile of every cluster."""

LARGEST: Final = 10


def lock() -> Sql:
    """Let those who write identities wait, and other resolutions; readers do not."""
    return raw("LOCK TABLE ") + name(IDENTITIES) + raw(" IN SHARE ROW EXCLUSIVE MODE")


def prepare(asked: Resolution) -> Iterator[Sql]:
    """Find the links between identities, and what causes them; nothing that lasts is changed."""
    yield _keys(asked)
    yield raw(f"ANALYZE {KEYS}")
    yield raw(
        f"CREATE TEMPORARY TABLE {EDGES} (a bigint NOT NULL, b bigint NOT NULL) ON COMMIT DROP"
    )
    yield raw(
        f"CREATE TEMPORARY TABLE {CAUSES}"
        " (rank integer NOT NULL, v text NOT NULL, n bigint NOT NULL) ON COMMIT DROP"
    )
    yield _same_user()
    for rank in range(len(asked.identifiers)):
        yield from _by_identifier(rank)
    yield raw(
        f"CREATE TEMPORARY TABLE {LABELS} (pk bigint NOT NULL, label bigint NOT NULL)"
        " ON COMMIT DROP"
    )
    yield raw(_UNION_FIND)
    yield raw(f"ANALYZE {LABELS}")
    yield from _clusters()


def _keys(asked: Resolution) -> Sql:
    identifiers = asked.identifier_columns()
    texts = [_as_text(column) + raw(f" AS i{rank}") for rank, column in enumerate(identifiers)]
    there = [
        compose("(CASE WHEN {text} IS NULL THEN 0 ELSE 1 END)::bit(1)", text=_as_text(column))
        for column in identifiers
    ]
    mask = join(" || ", there) if there else raw("''::bit varying")
    return compose(
        'CREATE TEMPORARY TABLE {keys} ON COMMIT DROP AS SELECT "_pk" AS pk,'
        ' "_connection" AS connection, "_identity_id" AS id, "_is_anonymous" AS anonymous,'
        ' "_kpid" AS kpid, {mask} AS mask{texts} FROM {identities}'
        ' WHERE "_pipeline" <> ALL({excluded}::text[])',
        excluded=value(sorted(asked.excluded_pipelines)),
        keys=raw(KEYS),
        mask=mask,
        texts=join("", (raw(", ") + text for text in texts)),
        identities=name(IDENTITIES),
    )


def _as_text(column: Column) -> Sql:
    match column.type:
        case StringType():
            # Nothing at all identifies nobody (DEC-50).
            return compose("nullif({column}::text, '')", column=name(column.name))
        case IpType():
            # Its text has the length of a network behind it.
            return compose("host({column})", column=name(column.name))
        case _:
            return name(column.name) + raw("::text")


def _same_user() -> Sql:
    """Link the identities of one user of a connection, whatever the pipeline (IR-2a)."""
    return raw(
        f"INSERT INTO {EDGES} SELECT pk, first FROM ("
        " SELECT pk, min(pk) OVER (PARTITION BY connection, id, anonymous) AS first"
        f" FROM {KEYS}) AS each WHERE pk <> first"
    )


def _by_identifier(rank: int) -> Iterator[Sql]:
    """Link those who share a value and have no identifier of higher priority in common (IR-2b)."""
    higher = f"substring(mask FROM 1 FOR {rank})"
    classes = f"kiln_resolution_classes_{rank}"
    yield raw(
        f"CREATE TEMPORARY TABLE {classes} ON COMMIT DROP AS"
        f" WITH shared AS (SELECT i{rank} AS v FROM {KEYS} WHERE i{rank} IS NOT NULL"
        f" GROUP BY 1 HAVING count(*) > 1)"
        f" SELECT v, {higher} AS m, min(pk) AS rep, count(*) AS n FROM {KEYS}"
        f" JOIN shared ON v = i{rank} GROUP BY 1, 2"
    )
    yield raw(f"ANALYZE {classes}")
    disjoint = "a.v = b.v AND position(B'1' IN a.m & b.m) = 0" if rank else "a.v = b.v"
    partners = f"kiln_resolution_partners_{rank}"
    yield raw(
        f"CREATE TEMPORARY TABLE {partners} ON COMMIT DROP AS"
        f" SELECT a.v, a.m, a.n, min(b.rep) AS partner FROM {classes} AS a"
        f" JOIN {classes} AS b ON {disjoint} GROUP BY 1, 2, 3"
    )
    yield raw(f"ANALYZE {partners}")
    yield raw(
        f"INSERT INTO {EDGES} SELECT pk, partner FROM {KEYS}"
        f" JOIN {partners} ON v = i{rank} AND m = {higher} WHERE pk <> partner"
    )
    if rank:
        yield raw(
            f"INSERT INTO {EDGES} SELECT a.rep, b.rep FROM {classes} AS a"
            f" JOIN {classes} AS b ON {disjoint} AND a.rep < b.rep"
        )
    yield raw(
        f"INSERT INTO {CAUSES} SELECT {rank}, v, sum(n) FROM {partners} GROUP BY v HAVING sum(n) > 1"
    )


_UNION_FIND: Final = f"""DO $kiln$
DECLARE
  pks bigint[];
  parent integer[];
  n integer;
  x integer;
  y integer;
  edge record;
BEGIN
  CREATE TEMPORARY TABLE kiln_resolution_nodes ON COMMIT DROP AS
    SELECT pk, row_number() OVER (ORDER BY pk)::integer AS i
    FROM (SELECT a AS pk FROM {EDGES} UNION SELECT b FROM {EDGES}) AS linked;
  ANALYZE kiln_resolution_nodes;
  SELECT count(*) INTO n FROM kiln_resolution_nodes;
  IF n = 0 THEN
    RETURN;
  END IF;
  SELECT array_agg(i ORDER BY i) INTO parent FROM kiln_resolution_nodes;
  FOR edge IN
    SELECT p.i AS a, q.i AS b FROM {EDGES} AS e
    JOIN kiln_resolution_nodes AS p ON p.pk = e.a JOIN kiln_resolution_nodes AS q ON q.pk = e.b
  LOOP
    x := edge.a;
    y := edge.b;
    WHILE parent[x] <> x LOOP
      parent[x] := parent[parent[x]];
      x := parent[x];
    END LOOP;
    WHILE parent[y] <> y LOOP
      parent[y] := parent[parent[y]];
      y := parent[y];
    END LOOP;
    IF x < y THEN
      parent[y] := x;
    ELSIF y < x THEN
      parent[x] := y;
    END IF;
  END LOOP;
  FOR i IN 1..n LOOP
    parent[i] := parent[parent[i]];
  END LOOP;
  SELECT array_agg(pk ORDER BY i) INTO pks FROM kiln_resolution_nodes;
  INSERT INTO {LABELS} SELECT pks[i], pks[root]
    FROM unnest(parent) WITH ORDINALITY AS labelled (root, i);
END
$kiln$"""


def _clusters() -> Iterator[Sql]:
    """Give every identity a cluster, and every cluster the id of a profile (IR-5, IR-10)."""
    yield raw(
        f"CREATE TEMPORARY TABLE {CLUSTERS} ON COMMIT DROP AS"
        " SELECT k.pk, coalesce(l.label, k.pk) AS cluster, k.kpid AS old"
        f" FROM {KEYS} AS k LEFT JOIN {LABELS} AS l ON l.pk = k.pk"
    )
    yield raw(f"ANALYZE {CLUSTERS}")
    # A profile that was taken apart keeps its id nowhere, one that was merged neither.
    yield raw(
        f"CREATE TEMPORARY TABLE {CLUSTER_PROFILES} ON COMMIT DROP AS"
        " WITH found AS (SELECT cluster, count(*) AS size, min(old::text) AS one,"
        f" count(DISTINCT old) AS olds FROM {CLUSTERS} GROUP BY 1),"
        " kept AS (SELECT one FROM found WHERE olds = 1 GROUP BY 1 HAVING count(*) = 1)"
        " SELECT cluster, size, olds,"
        " CASE WHEN olds = 1 AND kept.one IS NOT NULL THEN found.one::uuid"
        " ELSE gen_random_uuid() END AS kpid"
        " FROM found LEFT JOIN kept ON kept.one = found.one"
    )
    yield raw(f"CREATE UNIQUE INDEX ON {CLUSTER_PROFILES} (cluster)")
    yield raw(f"ANALYZE {CLUSTER_PROFILES}")


def too_many(asked: Resolution) -> Sql:
    """Look for the value that brings together the most identities, above what is allowed."""
    return compose(
        f"SELECT rank, v, n FROM {CAUSES} WHERE n > {{limit}} ORDER BY n DESC, rank, v LIMIT 1",
        limit=value(asked.max_merged),
    )


SUMMARY: Final = raw(
    f"SELECT (SELECT count(*) FROM {CLUSTERS}), (SELECT count(*) FROM {CLUSTER_PROFILES}),"
    f" (SELECT count(DISTINCT c.old) FROM {CLUSTERS} AS c"
    f" JOIN {CLUSTER_PROFILES} AS p ON p.cluster = c.cluster WHERE p.olds > 1),"
    f" (SELECT count(*) FROM (SELECT old FROM {CLUSTERS} WHERE old IS NOT NULL"
    " GROUP BY old HAVING count(DISTINCT cluster) > 1) AS apart),"
    f" (SELECT count(*) FROM {CLUSTER_PROFILES} WHERE olds = 0),"
    f" ARRAY(SELECT size FROM {CLUSTER_PROFILES} ORDER BY size DESC LIMIT {LARGEST})"
)

LARGEST_CAUSES: Final = raw(
    f"SELECT rank, v, n FROM {CAUSES} ORDER BY n DESC, rank, v LIMIT {LARGEST}"
)
