CREATE TABLE IF NOT EXISTS "kiln_identities" (
  "_pk" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "_pipeline" text NOT NULL,
  "_is_anonymous" boolean NOT NULL DEFAULT false,
  "_identity_id" text NOT NULL,
  "_connection" text NOT NULL,
  "_anonymous_ids" text[],
  "_updated_at" timestamp without time zone NOT NULL,
  "_run" text,
  "_kpid" uuid,
  "_cluster" bigint,
  "text" character varying,
  "short" character varying(10),
  "bytes" character varying(7),
  "flag" boolean,
  "int8" smallint,
  "int16" smallint,
  "int24" integer,
  "int32" integer,
  "int64" bigint,
  "uint8" smallint,
  "uint16" integer,
  "uint24" integer,
  "uint32" bigint,
  "uint64" numeric(20, 0),
  "float32" real,
  "float64" double precision,
  "amount" numeric(12, 2),
  "moment" timestamp without time zone,
  "day" date,
  "clock" time without time zone,
  "since" smallint,
  "ref" uuid,
  "prefs" jsonb,
  "address" inet,
  "tags" character varying[],
  "labels" jsonb,
  "home_city" character varying
);

CREATE UNIQUE INDEX IF NOT EXISTS "kiln_identities_key" ON "kiln_identities" ("_pipeline", "_identity_id", "_is_anonymous");

CREATE INDEX IF NOT EXISTS "kiln_identities_latest" ON "kiln_identities" ("_connection", "_updated_at", "_pk");

CREATE TABLE IF NOT EXISTS "kiln_profiles_0" (
  "_kpid" uuid PRIMARY KEY,
  "_identities" bigint[] NOT NULL,
  "_updated_at" timestamp without time zone NOT NULL,
  "text" character varying,
  "short" character varying(10),
  "bytes" character varying(7),
  "flag" boolean,
  "int8" smallint,
  "int16" smallint,
  "int24" integer,
  "int32" integer,
  "int64" bigint,
  "uint8" smallint,
  "uint16" integer,
  "uint24" integer,
  "uint32" bigint,
  "uint64" numeric(20, 0),
  "float32" real,
  "float64" double precision,
  "amount" numeric(12, 2),
  "moment" timestamp without time zone,
  "day" date,
  "clock" time without time zone,
  "since" smallint,
  "ref" uuid,
  "prefs" jsonb,
  "address" inet,
  "tags" character varying[],
  "labels" jsonb,
  "home_city" character varying
);

CREATE TABLE IF NOT EXISTS "kiln_profile_schema_versions" (
  "version" integer PRIMARY KEY,
  "operation" uuid NOT NULL,
  "timestamp" timestamp without time zone NOT NULL
);

CREATE TABLE IF NOT EXISTS "kiln_destination_profiles" (
  "_pipeline" text NOT NULL,
  "_external_id" text NOT NULL,
  "_out_matching_value" text NOT NULL,
  PRIMARY KEY ("_pipeline", "_external_id")
);

CREATE TABLE IF NOT EXISTS "kiln_system_operations" (
  "id" uuid PRIMARY KEY,
  "operation_type" text NOT NULL,
  "completed_at" timestamp without time zone,
  "error" text NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS "kiln_loads" (
  "pipeline" text PRIMARY KEY,
  "run" text NOT NULL,
  "started_at" timestamp without time zone NOT NULL,
  "attempt" bigint NOT NULL,
  "batch" bigint,
  "state" text,
  "purged" boolean NOT NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS "kiln_touched" (
  "pipeline" text NOT NULL,
  "run" text NOT NULL,
  "batch" bigint NOT NULL,
  "pks" bigint[] NOT NULL,
  PRIMARY KEY ("pipeline", "run", "batch")
);

CREATE TABLE IF NOT EXISTS "kiln_events" (
  "kpid" uuid,
  "connection_id" character varying NOT NULL,
  "anonymous_id" character varying NOT NULL,
  "message_id" character varying NOT NULL,
  "channel" character varying,
  "category" character varying,
  "event" character varying,
  "group_id" character varying,
  "name" character varying,
  "previous_id" character varying,
  "user_id" character varying,
  "received_at" timestamp without time zone NOT NULL,
  "sent_at" timestamp without time zone NOT NULL,
  "timestamp" timestamp without time zone NOT NULL,
  "properties" jsonb,
  "traits" jsonb NOT NULL,
  "type" character varying NOT NULL,
  "context_app_name" character varying,
  "context_app_version" character varying,
  "context_app_build" character varying,
  "context_app_namespace" character varying,
  "context_browser_name" character varying,
  "context_browser_other" character varying,
  "context_browser_version" character varying,
  "context_campaign_name" character varying,
  "context_campaign_source" character varying,
  "context_campaign_medium" character varying,
  "context_campaign_term" character varying,
  "context_campaign_content" character varying,
  "context_consents" jsonb,
  "context_device_id" character varying,
  "context_device_advertising_id" character varying,
  "context_device_ad_tracking_enabled" boolean,
  "context_device_manufacturer" character varying,
  "context_device_model" character varying,
  "context_device_name" character varying,
  "context_device_type" character varying,
  "context_device_token" character varying,
  "context_ip" inet,
  "context_library_name" character varying,
  "context_library_version" character varying,
  "context_locale" character varying,
  "context_timezone" character varying,
  "context_user_agent" character varying,
  "context_location_city" character varying,
  "context_location_country" character varying,
  "context_location_latitude" double precision,
  "context_location_longitude" double precision,
  "context_location_speed" double precision,
  "context_network_bluetooth" boolean,
  "context_network_carrier" character varying,
  "context_network_cellular" boolean,
  "context_network_wifi" boolean,
  "context_os_name" character varying,
  "context_os_other" character varying,
  "context_os_version" character varying,
  "context_page_path" character varying,
  "context_page_referrer" character varying,
  "context_page_search" character varying,
  "context_page_title" character varying,
  "context_page_url" character varying,
  "context_referrer_id" character varying,
  "context_referrer_type" character varying,
  "context_screen_width" smallint,
  "context_screen_height" smallint,
  "context_screen_density" numeric(3, 2),
  "context_session_id" bigint,
  "context_session_start" boolean,
  PRIMARY KEY ("message_id")
);

CREATE INDEX IF NOT EXISTS "kiln_events_latest" ON "kiln_events" ("kpid", "timestamp" DESC) WHERE "kpid" IS NOT NULL;

CREATE OR REPLACE VIEW "events" AS SELECT * FROM "kiln_events";

CREATE OR REPLACE VIEW "profiles" AS SELECT "_kpid", "_updated_at", "text", "short", "bytes", "flag", "int8", "int16", "int24", "int32", "int64", "uint8", "uint16", "uint24", "uint32", "uint64", "float32", "float64", "amount", "moment", "day", "clock", "since", "ref", "prefs", "address", "tags", "labels", "home_city" FROM "kiln_profiles_0";

