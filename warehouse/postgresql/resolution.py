"""The profiles of clusters of identities, filled inside PostgreSQL (IR-6 to IR-11).

Whatever has a name of ours beside the columns of profiles begins with an underscore, as none of
theirs does (WH-20).
"""

from collections.abc import Iterator

from mapping_lang.types.kinds import ArrayType, StringType
from warehouse.identity import Resolution
from warehouse.layout import EVENTS, IDENTITIES, PROFILE_VERSIONS, Column, profiles_table
from warehouse.postgresql.clusters import CLUSTER_PROFILES, CLUSTERS
from warehouse.postgresql.definition import profiles, profiles_view
from warehouse.sql import EMPTY, Sql, commas, compose, join, name, raw, value


def apply(asked: Resolution, version: int) -> Iterator[Sql]:
    """Fill new profiles, tell identities and events which is theirs, and show them (IR-11)."""
    table = profiles_table(version + 1)
    yield profiles(table, asked.schema)
    yield _singles(asked, table)
    yield _merged(asked, table)
    yield compose(
        'UPDATE {identities} AS i SET "_kpid" = p.kpid, "_cluster" = c.cluster'
        f" FROM {CLUSTERS} AS c JOIN {CLUSTER_PROFILES} AS p ON p.cluster = c.cluster"
        ' WHERE c.pk = i."_pk" AND c.old IS DISTINCT FROM p.kpid',
        identities=name(IDENTITIES),
    )
    if asked.excluded_pipelines:
        yield compose(
            'UPDATE {identities} SET "_kpid" = NULL'
            ' WHERE "_pipeline" = ANY({excluded}) AND "_kpid" IS NOT NULL',
            identities=name(IDENTITIES),
            excluded=value(sorted(asked.excluded_pipelines)),
        )
    yield _of_events()
    yield compose(
        "INSERT INTO {versions} VALUES ({version}, {operation}, now() AT TIME ZONE 'UTC')",
        versions=name(PROFILE_VERSIONS),
        version=value(version + 1),
        operation=value(asked.operation),
    )
    yield profiles_view(table, asked.schema)
    yield raw("DROP TABLE IF EXISTS ") + name(profiles_table(version))


def _singles(asked: Resolution, table: str) -> Sql:
    """Fill the profiles of identities that are alone, as they are."""
    listed = asked.columns()
    return compose(
        "INSERT INTO {table} ({names})"
        ' SELECT p.kpid, ARRAY[i."_pk"], i."_updated_at"{values} FROM {identities} AS i'
        f' JOIN {CLUSTER_PROFILES} AS p ON p.cluster = i."_pk" AND p.size = 1',
        table=name(table),
        names=_names(listed),
        values=join("", (raw(", ") + _single(column) for column in listed)),
        identities=name(IDENTITIES),
    )


def _single(column: Column) -> Sql:
    if not isinstance(column.type, ArrayType):
        return name("i", column.name)
    # One identity or many: the values of an array are distinct and sorted (DEC-43).
    return compose(
        "CASE WHEN {column} IS NOT NULL THEN (SELECT {elements}"
        " FROM unnest({column}) AS _each (_value)) END",
        column=name("i", column.name),
        elements=_elements(column),
    )


def _elements(column: Column) -> Sql:
    """Give the distinct values of `_value`, sorted; an array without any stays one."""
    text = isinstance(column.type, ArrayType) and isinstance(column.type.element, StringType)
    # The order of texts is that of their code points, whatever the database's own is.
    element = '_value COLLATE "C"' if text else "_value"
    return raw(
        f"coalesce(array_agg(DISTINCT {element} ORDER BY {element})"
        " FILTER (WHERE _value IS NOT NULL), '{}')"
    )


def _merged(asked: Resolution, table: str) -> Sql:
    """Fill the profiles of several identities (IR-6 to IR-9)."""
    listed = asked.columns()
    arrays = {
        column: f"_array_{number}"
        for number, column in enumerate(listed)
        if isinstance(column.type, ArrayType)
    }
    scalars = [column for column in listed if column not in arrays]
    values = [
        name(arrays[column], "_values") if column in arrays else name("m", column.name)
        for column in listed
    ]
    return compose(
        'WITH _members AS (SELECT c.cluster AS "_root", i.* FROM {identities} AS i'
        f' JOIN {CLUSTERS} AS c ON c.pk = i."_pk"'
        f" JOIN {CLUSTER_PROFILES} AS p ON p.cluster = c.cluster AND p.size > 1),"
        ' _merged AS (SELECT "_root", array_agg("_pk" ORDER BY "_pk") AS "_pks",'
        ' max("_updated_at") AS "_latest"{scalars} FROM _members GROUP BY "_root"){arrays}'
        " INSERT INTO {table} ({names})"
        ' SELECT p.kpid, m."_pks", m."_latest"{values} FROM _merged AS m'
        f' JOIN {CLUSTER_PROFILES} AS p ON p.cluster = m."_root"{{joins}}',
        identities=name(IDENTITIES),
        scalars=join("", (raw(", ") + _latest(asked, column) for column in scalars)),
        arrays=join("", (_combined(column, cte) for column, cte in arrays.items())),
        table=name(table),
        names=_names(listed),
        values=join("", (raw(", ") + each for each in values)),
        joins=join(
            "",
            (
                compose(' LEFT JOIN {cte} ON {cte}."_root" = m."_root"', cte=name(cte))
                for cte in arrays.values()
            ),
        ),
    )


def _latest(asked: Resolution, column: Column) -> Sql:
    """Give the value that wins: of the primary source, the latest, the first (IR-6, DEC-49)."""
    source = asked.primary_sources.get(column.path)
    preferred = (
        EMPTY
        if source is None
        else compose('("_connection" = {source}) DESC, ', source=value(source))
    )
    return compose(
        '(array_agg({column} ORDER BY {preferred}"_updated_at" DESC, "_pk")'
        " FILTER (WHERE {column} IS NOT NULL))[1] AS {column}",
        column=name(column.name),
        preferred=preferred,
    )


def _combined(column: Column, cte: str) -> Sql:
    """Give the values of all arrays (DEC-43)."""
    return compose(
        ', {cte} AS (SELECT "_root", {elements} AS "_values"'
        " FROM _members LEFT JOIN LATERAL unnest({column}) AS _each (_value) ON true"
        ' WHERE {column} IS NOT NULL GROUP BY "_root")',
        cte=name(cte),
        elements=_elements(column),
        column=name("_members", column.name),
    )


def _names(listed: tuple[Column, ...]) -> Sql:
    meta = ("_kpid", "_identities", "_updated_at")
    return commas(name(each) for each in (*meta, *(column.name for column in listed)))


def _of_events() -> Sql:
    """Tell events whose they are: by user, or by anonymous id where there is no user.

    An anonymous id that several users had is of whom it was seen with last.
    """
    return compose(
        'WITH users AS (SELECT "_connection" AS connection, "_identity_id" AS id,'
        ' (array_agg("_kpid" ORDER BY "_pk"))[1] AS kpid FROM {identities}'
        ' WHERE NOT "_is_anonymous" GROUP BY 1, 2),'
        ' anonymous AS (SELECT i."_connection" AS connection, each.id,'
        ' (array_agg(i."_kpid" ORDER BY i."_updated_at" DESC, i."_pk"))[1] AS kpid'
        ' FROM {identities} AS i CROSS JOIN LATERAL unnest(i."_anonymous_ids" ||'
        ' CASE WHEN i."_is_anonymous" THEN ARRAY[i."_identity_id"] END) AS each (id)'
        " GROUP BY 1, 2)"
        ' UPDATE {events} AS e SET "kpid" = found.kpid FROM ('
        ' SELECT e."message_id", coalesce(users.kpid, anonymous.kpid) AS kpid'
        " FROM {events} AS e"
        ' LEFT JOIN users ON e."user_id" <> \'\' AND users.id = e."user_id"'
        ' AND users.connection = e."connection_id"'
        " LEFT JOIN anonymous ON coalesce(e.\"user_id\", '') = ''"
        ' AND anonymous.id = e."anonymous_id" AND anonymous.connection = e."connection_id"'
        ') AS found WHERE found."message_id" = e."message_id"'
        ' AND e."kpid" IS DISTINCT FROM found.kpid',
        events=name(EVENTS),
        identities=name(IDENTITIES),
    )
