SET temp_buffers = '64MB';
-- []

SET work_mem = '64MB';
-- []

SET jit = off;
-- []

SET enable_hashjoin = off;
-- []

SET enable_mergejoin = off;
-- []

SET idle_in_transaction_session_timeout = '30s';
-- []

CREATE TEMPORARY TABLE "kiln_stage" ("_position" integer, "_identity_id" text, "_updated_at" timestamp without time zone, "text" character varying, "short" character varying(10), "bytes" character varying(7), "flag" boolean, "int8" smallint, "int16" smallint, "int24" integer, "int32" integer, "int64" bigint, "uint8" smallint, "uint16" integer, "uint24" integer, "uint32" bigint, "uint64" numeric(20, 0), "float32" real, "float64" double precision, "amount" numeric(12, 2), "moment" timestamp without time zone, "day" date, "clock" time without time zone, "since" smallint, "ref" text, "prefs" text, "address" text, "tags" character varying[], "labels" text, "home_city" character varying) ON COMMIT DELETE ROWS;
-- []

CREATE TEMPORARY TABLE "kiln_stage_kept" ("_identity_id" text) ON COMMIT DELETE ROWS;
-- []

INSERT INTO "kiln_loads" AS l (pipeline, run, started_at, attempt) VALUES (%s, %s, %s::timestamp, %s) ON CONFLICT (pipeline) DO UPDATE SET run = excluded.run, started_at = excluded.started_at, attempt = excluded.attempt, batch = CASE WHEN l.run = excluded.run THEN l.batch END, state = CASE WHEN l.run = excluded.run THEN l.state END, purged = l.run = excluded.run AND l.purged WHERE (l.started_at, l.run, l.attempt) <= (excluded.started_at, excluded.run, excluded.attempt) RETURNING batch, state, purged;
-- ['700', '900', '2026-01-01T00:00:00', 1]

DELETE FROM "kiln_touched" WHERE pipeline = %s AND run <> %s;
-- ['700', '900']

UPDATE "kiln_loads" SET batch = %s, state = %s WHERE pipeline = %s AND run = %s AND attempt = %s AND coalesce(batch, 0) = %s AND NOT purged RETURNING 1;
-- [3, '{}', '700', '900', 1, 2]

SELECT 1 FROM "kiln_identities" WHERE "_pipeline" = %s AND NOT "_is_anonymous" LIMIT 1;
-- ['700']

WITH found AS MATERIALIZED (SELECT s.ctid AS place, s."_position" AS position, t."_pk" AS pk, ROW("t"."_updated_at", "t"."text", "t"."short", "t"."bytes", "t"."flag", "t"."int8", "t"."int16", "t"."int24", "t"."int32", "t"."int64", "t"."uint8", "t"."uint16", "t"."uint24", "t"."uint32", "t"."uint64", "t"."float32", "t"."float64", "t"."amount", "t"."moment", "t"."day", "t"."clock", "t"."since", "t"."ref", "t"."prefs", "t"."address", "t"."tags", "t"."labels", "t"."home_city") IS DISTINCT FROM ROW("s"."_updated_at", "s"."text", "s"."short", "s"."bytes", "s"."flag", "s"."int8", "s"."int16", "s"."int24", "s"."int32", "s"."int64", "s"."uint8", "s"."uint16", "s"."uint24", "s"."uint32", "s"."uint64", "s"."float32", "s"."float64", "s"."amount", "s"."moment", "s"."day", "s"."clock", "s"."since", "s"."ref"::uuid, "s"."prefs"::jsonb, "s"."address"::inet, "s"."tags", "s"."labels"::jsonb, "s"."home_city") AS changed FROM "kiln_stage" AS s CROSS JOIN LATERAL (SELECT "i"."_pk", "i"."_updated_at", "i"."text", "i"."short", "i"."bytes", "i"."flag", "i"."int8", "i"."int16", "i"."int24", "i"."int32", "i"."int64", "i"."uint8", "i"."uint16", "i"."uint24", "i"."uint32", "i"."uint64", "i"."float32", "i"."float64", "i"."amount", "i"."moment", "i"."day", "i"."clock", "i"."since", "i"."ref", "i"."prefs", "i"."address", "i"."tags", "i"."labels", "i"."home_city" FROM "kiln_identities" AS i WHERE i."_pipeline" = %s AND i."_identity_id" = s."_identity_id" AND NOT i."_is_anonymous" LIMIT 1) AS t), changed AS (UPDATE "kiln_identities" AS t SET "_updated_at" = "s"."_updated_at", "text" = "s"."text", "short" = "s"."short", "bytes" = "s"."bytes", "flag" = "s"."flag", "int8" = "s"."int8", "int16" = "s"."int16", "int24" = "s"."int24", "int32" = "s"."int32", "int64" = "s"."int64", "uint8" = "s"."uint8", "uint16" = "s"."uint16", "uint24" = "s"."uint24", "uint32" = "s"."uint32", "uint64" = "s"."uint64", "float32" = "s"."float32", "float64" = "s"."float64", "amount" = "s"."amount", "moment" = "s"."moment", "day" = "s"."day", "clock" = "s"."clock", "since" = "s"."since", "ref" = "s"."ref"::uuid, "prefs" = "s"."prefs"::jsonb, "address" = "s"."address"::inet, "tags" = "s"."tags", "labels" = "s"."labels"::jsonb, "home_city" = "s"."home_city", "_run" = %s FROM found AS f JOIN "kiln_stage" AS s ON s.ctid = f.place WHERE t."_pk" = f.pk AND f.changed), added AS (INSERT INTO "kiln_identities" ("_pipeline", "_connection", "_run", "_identity_id", "_updated_at", "text", "short", "bytes", "flag", "int8", "int16", "int24", "int32", "int64", "uint8", "uint16", "uint24", "uint32", "uint64", "float32", "float64", "amount", "moment", "day", "clock", "since", "ref", "prefs", "address", "tags", "labels", "home_city") SELECT %s, %s, %s, "_identity_id", "s"."_updated_at", "s"."text", "s"."short", "s"."bytes", "s"."flag", "s"."int8", "s"."int16", "s"."int24", "s"."int32", "s"."int64", "s"."uint8", "s"."uint16", "s"."uint24", "s"."uint32", "s"."uint64", "s"."float32", "s"."float64", "s"."amount", "s"."moment", "s"."day", "s"."clock", "s"."since", "s"."ref"::uuid, "s"."prefs"::jsonb, "s"."address"::inet, "s"."tags", "s"."labels"::jsonb, "s"."home_city" FROM "kiln_stage" AS s WHERE "_position" NOT IN (SELECT position FROM found)) INSERT INTO "kiln_touched" SELECT %s, %s, %s::bigint, array_agg(pk) FROM (SELECT pk FROM found WHERE NOT changed UNION ALL SELECT t."_pk" AS pk FROM "kiln_stage_kept" AS k CROSS JOIN LATERAL (SELECT "i"."_pk" FROM "kiln_identities" AS i WHERE i."_pipeline" = %s AND i."_identity_id" = k."_identity_id" AND NOT i."_is_anonymous" LIMIT 1) AS t) AS noted HAVING count(*) > 0;
-- ['700', '900', '700', '500', '900', '700', '900', 3, '700']

WITH added AS (INSERT INTO "kiln_identities" ("_pipeline", "_connection", "_run", "_identity_id", "_updated_at", "text", "short", "bytes", "flag", "int8", "int16", "int24", "int32", "int64", "uint8", "uint16", "uint24", "uint32", "uint64", "float32", "float64", "amount", "moment", "day", "clock", "since", "ref", "prefs", "address", "tags", "labels", "home_city") SELECT %s, %s, %s, "_identity_id", "s"."_updated_at", "s"."text", "s"."short", "s"."bytes", "s"."flag", "s"."int8", "s"."int16", "s"."int24", "s"."int32", "s"."int64", "s"."uint8", "s"."uint16", "s"."uint24", "s"."uint32", "s"."uint64", "s"."float32", "s"."float64", "s"."amount", "s"."moment", "s"."day", "s"."clock", "s"."since", "s"."ref"::uuid, "s"."prefs"::jsonb, "s"."address"::inet, "s"."tags", "s"."labels"::jsonb, "s"."home_city" FROM "kiln_stage" AS s) INSERT INTO "kiln_touched" SELECT %s, %s, %s::bigint, array_agg(pk) FROM (SELECT t."_pk" AS pk FROM "kiln_stage_kept" AS k CROSS JOIN LATERAL (SELECT "i"."_pk" FROM "kiln_identities" AS i WHERE i."_pipeline" = %s AND i."_identity_id" = k."_identity_id" AND NOT i."_is_anonymous" LIMIT 1) AS t) AS noted HAVING count(*) > 0;
-- ['700', '500', '900', '700', '900', 4, '700']

UPDATE "kiln_loads" SET purged = true, batch = %s, state = %s WHERE pipeline = %s AND run = %s AND attempt = %s AND coalesce(batch, 0) = %s AND NOT purged RETURNING 1;
-- [3, '{}', '700', '900', 1, 3]

SET LOCAL enable_hashjoin = on;
-- []

SET LOCAL enable_mergejoin = on;
-- []

WITH gone AS (DELETE FROM "kiln_identities" AS t WHERE t."_pipeline" = %s AND NOT t."_is_anonymous" AND t."_run" IS DISTINCT FROM %s AND NOT EXISTS (SELECT FROM (SELECT unnest(pks) AS pk FROM "kiln_touched" WHERE pipeline = %s AND run = %s) AS k WHERE k.pk = t."_pk") RETURNING 1) SELECT count(*) FROM gone;
-- ['700', '900', '700', '900']

DELETE FROM "kiln_touched" WHERE pipeline = %s;
-- ['700']

SELECT run, attempt, batch, purged FROM "kiln_loads" WHERE pipeline = %s;
-- ['700']

