"""The profiles of clusters of identities, filled inside Snowflake (IR-6 to IR-11).

They are filled into the table of profiles that is there, in a transaction: a table beside it could
not be shown in the same one, because every change of a definition is a transaction of its own.
Names of ours beside the columns of profiles begin with an underscore, as none of theirs does
(WH-20).
"""

from collections.abc import Iterator
from typing import Final

from mapping_lang.types.kinds import (
    ArrayType,
    DecimalType,
    FloatType,
    IntType,
    Type,
    YearType,
)
from warehouse.identity import Resolution
from warehouse.layout import EVENTS, IDENTITIES, Column, profiles_table
from warehouse.snowflake.clusters import CLUSTER_PROFILES, CLUSTERS
from warehouse.snowflake.definition import upper
from warehouse.sql import Sql, commas, compose, join, name, raw, value

PROFILES: Final = profiles_table(0)

_OTHERS: Final = 10**15
"""More than there are identities: what stands behind all of them."""


def apply(asked: Resolution) -> Iterator[Sql]:
    """Fill the profiles anew, and tell identities and events which is theirs (IR-11)."""
    yield raw("DELETE FROM ") + upper(PROFILES)
    yield _fill(asked)
    yield compose(
        'UPDATE {identities} SET "_KPID" = f.KPID, "_CLUSTER" = f.CLUSTER_PK FROM ('
        "SELECT c.PK, c.CLUSTER_PK, p.KPID"
        f" FROM {CLUSTERS} AS c JOIN {CLUSTER_PROFILES} AS p ON p.CLUSTER_PK = c.CLUSTER_PK"
        ' WHERE c.OLD IS DISTINCT FROM p.KPID) AS f WHERE f.PK = {identities}."_PK"',
        identities=upper(IDENTITIES),
    )
    if asked.excluded_pipelines:
        yield compose(
            'UPDATE {identities} SET "_KPID" = NULL'
            ' WHERE "_PIPELINE" IN ({excluded}) AND "_KPID" IS NOT NULL',
            identities=upper(IDENTITIES),
            excluded=commas(value(each) for each in sorted(asked.excluded_pipelines)),
        )
    yield _of_events()


def _fill(asked: Resolution) -> Sql:
    listed = asked.columns()
    arrays = {
        column: f"_ARRAY_{number}"
        for number, column in enumerate(listed)
        if isinstance(column.type, ArrayType)
    }
    scalars = [column for column in listed if column not in arrays]
    values = [
        name(arrays[column], "_VALUES") if column in arrays else name("M", column.name.upper())
        for column in listed
    ]
    meta = ("_kpid", "_identities", "_updated_at")
    return compose(
        'INSERT INTO {table} ({names}) WITH _MEMBERS AS (SELECT c.CLUSTER_PK AS "_ROOT", i.*,'
        ' ROW_NUMBER() OVER (ORDER BY i."_UPDATED_AT" DESC, i."_PK") AS "_ORDER"'
        f' FROM {{identities}} AS i JOIN {CLUSTERS} AS c ON c.PK = i."_PK"),'
        ' _MERGED AS (SELECT g."_ROOT",'
        ' ARRAY_AGG(g."_PK") WITHIN GROUP (ORDER BY g."_PK") AS "_PKS",'
        ' MAX(g."_UPDATED_AT") AS "_LATEST"{scalars} FROM _MEMBERS AS g GROUP BY g."_ROOT")'
        "{arrays}"
        ' SELECT p.KPID, m."_PKS", m."_LATEST"{values} FROM _MERGED AS m'
        f' JOIN {CLUSTER_PROFILES} AS p ON p.CLUSTER_PK = m."_ROOT"{{joins}}',
        table=upper(PROFILES),
        names=commas(upper(each) for each in (*meta, *(column.name for column in listed))),
        identities=upper(IDENTITIES),
        scalars=join("", (raw(", ") + _latest(asked, column) for column in scalars)),
        arrays=join("", (_combined(column, cte) for column, cte in arrays.items())),
        values=join("", (raw(", ") + each for each in values)),
        joins=join(
            "",
            (
                compose(' LEFT JOIN {cte} ON {cte}."_ROOT" = m."_ROOT"', cte=name(cte))
                for cte in arrays.values()
            ),
        ),
    )


def _latest(asked: Resolution, column: Column) -> Sql:
    """Give the value that wins: of the primary source, the latest, the first (IR-6, DEC-49)."""
    source = asked.primary_sources.get(column.path)
    behind = (
        raw('g."_ORDER"')
        if source is None
        else compose(
            'CASE WHEN g."_CONNECTION" = {source} THEN g."_ORDER" ELSE g."_ORDER" + {others} END',
            source=value(source),
            others=raw(str(_OTHERS)),
        )
    )
    return compose(
        "MIN_BY(g.{column}, CASE WHEN g.{column} IS NULL THEN {nothing} ELSE {behind} END)"
        " AS {column}",
        column=upper(column.name),
        nothing=raw(str(2 * _OTHERS)),
        behind=behind,
    )


def _combined(column: Column, cte: str) -> Sql:
    """Give the values of all arrays, distinct and sorted; an array without any is one (DEC-43)."""
    element = column.type.element if isinstance(column.type, ArrayType) else column.type
    return compose(
        ', {cte} AS (SELECT a."_ROOT", COALESCE(e."_VALUES", ARRAY_CONSTRUCT()) AS "_VALUES"'
        ' FROM (SELECT DISTINCT "_ROOT" FROM _MEMBERS WHERE {column} IS NOT NULL) AS a'
        ' LEFT JOIN (SELECT d."_ROOT",'
        ' ARRAY_AGG(PARSE_JSON(d._TEXT)) WITHIN GROUP (ORDER BY {order}) AS "_VALUES"'
        ' FROM (SELECT DISTINCT t."_ROOT", TO_JSON(f.VALUE) AS _TEXT'
        " FROM _MEMBERS AS t, LATERAL FLATTEN(INPUT => t.{column}) AS f) AS d"
        ' GROUP BY d."_ROOT") AS e ON e."_ROOT" = a."_ROOT")',
        cte=name(cte),
        column=upper(column.name),
        order=_sorted_by(element),
    )


def _sorted_by(element: Type) -> Sql:
    # Numbers of many digits are texts in JSON.
    plain = "REPLACE(d._TEXT, '\"', '')"
    match element:
        case IntType() | YearType():
            return raw(f"{plain}::NUMBER(38,0)")
        case DecimalType(scale=scale):
            return raw(f"{plain}::NUMBER(38,{scale})")
        case FloatType():
            return raw(f"REPLACE({plain}, 'Infinity', 'inf')::FLOAT")
        case _:
            return raw("COALESCE(AS_VARCHAR(PARSE_JSON(d._TEXT)), d._TEXT)")


def _of_events() -> Sql:
    """Tell events whose they are: by user, or by anonymous id where there is no user.

    An anonymous id that several users had is of whom it was seen with last.
    """
    return compose(
        'UPDATE {events} SET "KPID" = f.KPID FROM ('
        'SELECT x."MESSAGE_ID", COALESCE(u.KPID, a.KPID) AS KPID FROM {events} AS x'
        ' LEFT JOIN (SELECT "_CONNECTION", "_IDENTITY_ID", MIN_BY("_KPID", "_PK") AS KPID'
        ' FROM {identities} WHERE NOT "_IS_ANONYMOUS" GROUP BY "_CONNECTION", "_IDENTITY_ID")'
        ' AS u ON x."USER_ID" <> \'\' AND u."_IDENTITY_ID" = x."USER_ID"'
        ' AND u."_CONNECTION" = x."CONNECTION_ID"'
        ' LEFT JOIN (SELECT s."_CONNECTION", s.ID, MIN_BY(s."_KPID", s."_ORDER") AS KPID FROM ('
        'SELECT i."_CONNECTION", i."_KPID", AS_VARCHAR(v.VALUE) AS ID, i."_ORDER"'
        ' FROM {ordered} AS i, LATERAL FLATTEN(INPUT => i."_ANONYMOUS_IDS") AS v'
        ' UNION ALL SELECT i."_CONNECTION", i."_KPID", i."_IDENTITY_ID", i."_ORDER"'
        ' FROM {ordered} AS i WHERE i."_IS_ANONYMOUS") AS s GROUP BY s."_CONNECTION", s.ID)'
        " AS a ON COALESCE(x.\"USER_ID\", '') = '' AND a.ID = x.\"ANONYMOUS_ID\""
        ' AND a."_CONNECTION" = x."CONNECTION_ID"'
        ') AS f WHERE f."MESSAGE_ID" = {events}."MESSAGE_ID"'
        ' AND {events}."KPID" IS DISTINCT FROM f.KPID',
        events=upper(EVENTS),
        identities=upper(IDENTITIES),
        ordered=compose(
            '(SELECT *, ROW_NUMBER() OVER (ORDER BY "_UPDATED_AT" DESC, "_PK") AS "_ORDER"'
            " FROM {identities})",
            identities=upper(IDENTITIES),
        ),
    )
