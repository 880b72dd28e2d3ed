("TEXT" = %s);
-- ['x']

(CONTAINS("TEXT", %s));
-- ['x']

("TEXT" IS NULL OR "TEXT" = '');
-- []

(NOT "FLAG");
-- []

("INT8" < %s::NUMBER(38,0));
-- ['300']

(("UINT64" = %s::NUMBER(38,0) OR "UINT64" = %s::NUMBER(38,0)));
-- ['1', '2']

("FLOAT64" > %s::FLOAT AND "FLOAT64" <> 'NaN'::FLOAT);
-- ['0.5']

(FALSE);
-- []

("AMOUNT" > %s::NUMBER(38,2) AND "AMOUNT" IS NOT NULL);
-- ['-0.01']

("MOMENT" < %s::TIMESTAMP_NTZ);
-- ['2026-01-02T03:04:05']

NOT COALESCE(("DAY" = %s::DATE), FALSE);
-- ['2026-01-02']

("CLOCK" > %s::TIME);
-- ['03:04:05']

("SINCE" = %s::NUMBER(38,0));
-- ['1999']

("REF" = %s);
-- ['00000000-0000-0000-0000-000000000000']

("ADDRESS" = %s);
-- ['::1']

(ARRAY_CONTAINS(PARSE_JSON(%s), "TAGS"));
-- ['"x"']

NOT COALESCE(("TAGS" IS NULL OR ARRAY_SIZE("TAGS") = 0), FALSE);
-- []

("LABELS" IS NULL OR TO_JSON("LABELS") = '{}');
-- []

("HOME_CITY" IS NOT NULL);
-- []

((AS_VARCHAR("PREFS") = %s OR CASE TYPEOF("PREFS") WHEN 'INTEGER' THEN AS_INTEGER("PREFS") = %s::NUMBER(38,0) ELSE AS_DOUBLE("PREFS") = %s::FLOAT END));
-- ['5', '5', '5.0']

NOT COALESCE((AS_VARCHAR((GET(GET("PREFS", %s), %s))) = %s), FALSE);
-- ['a', 'b', 'x']

((CONTAINS(AS_VARCHAR("PREFS"), %s) OR (ARRAY_CONTAINS(PARSE_JSON(%s), AS_ARRAY("PREFS")) OR ARRAY_CONTAINS(PARSE_JSON(%s), AS_ARRAY("PREFS")) OR ARRAY_CONTAINS(PARSE_JSON(%s), AS_ARRAY("PREFS")))));
-- ['5', '"5"', '5', '5.0']

(TO_JSON("PREFS") = 'null');
-- []

("PREFS" IS NULL OR TO_JSON("PREFS") IN ('null', '""', '[]', '{}'));
-- []

(TO_JSON("PREFS") = 'true');
-- []

