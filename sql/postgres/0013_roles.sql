-- Roles with the least that each kind of user needs. Roles belong to the whole server, rights to this database, so
-- everything here can be applied in many databases of one server. What a role may do: docs/roles.md.
-- Roles are made without a login; `candlehouse migrate` gives those a password that have one in the environment.

DO $$
DECLARE
    known CONSTANT text[][] := ARRAY[
        ['candlehouse_app', 'Trading applications: write trading tables and facades.'],
        ['candlehouse_ingest', 'Dagster''s own writers: canonical tables and ledgers, no DDL.'],
        ['candlehouse_transform', 'dbt: reads canonical tables, owns the schema analytics.'],
        ['candlehouse_readonly', 'People and BI tools: read everything but credentials.']
    ];
    entry text[];
BEGIN
    FOREACH entry SLICE 1 IN ARRAY known LOOP
        IF to_regrole(entry[1]) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', entry[1]);
                EXECUTE format('COMMENT ON ROLE %I IS %L', entry[1], entry[2]);
            EXCEPTION
                -- A migration of another database of this server made it in the meantime.
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role % does not exist and % may not create it: ALTER ROLE % CREATEROLE, or see docs/roles.md',
                        entry[1], current_user, current_user USING ERRCODE = 'insufficient_privilege';
            END;
        END IF;
        IF EXISTS (
            SELECT FROM pg_roles
            WHERE rolname = entry[1] AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
        ) THEN
            RAISE EXCEPTION 'role % exists and may more than it should: ALTER ROLE % NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS',
                entry[1], entry[1];
        END IF;
    END LOOP;
    -- An owner who is no superuser gives objects away, and sets default privileges, only for a role that it belongs to.
    IF NOT pg_has_role(current_user, 'candlehouse_transform', 'USAGE') THEN
        GRANT candlehouse_transform TO CURRENT_USER;
    END IF;
END
$$;

-- dbt's folder for the rows of failed tests (`dbt test --store-failures`) beside its marts: the role may not create
-- schemas itself.
CREATE SCHEMA analytics_dbt_test__audit;
COMMENT ON SCHEMA analytics_dbt_test__audit IS 'Rows that failed a dbt test, when dbt is told to keep them.';
ALTER SCHEMA analytics OWNER TO candlehouse_transform;
ALTER SCHEMA analytics_dbt_test__audit OWNER TO candlehouse_transform;

DO $$
DECLARE
    relation oid;
BEGIN
    FOR relation IN
        SELECT c.oid FROM pg_class AS c
        WHERE c.relnamespace = 'analytics'::regnamespace AND c.relkind IN ('r', 'v', 'm')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO candlehouse_transform', relation::regclass);
    END LOOP;
END
$$;

CREATE FUNCTION ops.is_credential(column_name text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT column_name ~ '(encrypted|secret|passphrase|password|private_key|api_key|credential)'
$$;

COMMENT ON FUNCTION ops.is_credential(text) IS 'Whether a column of this name holds a credential, which candlehouse_app alone may read.';

CREATE FUNCTION ops.grant_rights() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    facades CONSTANT name[] := ARRAY['nof0', 'learning', 'hybrid', 'quantbot', 'tradingagents'];
    ours CONSTANT name[] := facades || ARRAY['public', 'ops']::name[];
    everybody CONSTANT text := 'candlehouse_app, candlehouse_ingest, candlehouse_transform, candlehouse_readonly';
    -- What migrations write, and what lets rows leave for good: the owner alone.
    ledgers CONSTANT name[] := ARRAY['alembic_version', 'applied_migrations', 'erasures', 'erased_rows', 'erasure_steps'];
    -- A row here makes indexes, which is the operator's business.
    registries CONSTANT name[] := ARRAY['embedding_models'];
    item record;
    readers text;
BEGIN
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', current_database(), everybody);
    EXECUTE format(
        'GRANT TEMPORARY ON DATABASE %I TO candlehouse_app, candlehouse_ingest, candlehouse_transform', current_database()
    );
    -- Dagster's own storage. The check keeps migrations of several databases from writing the same row of pg_database.
    IF EXISTS (
        SELECT FROM pg_database
        WHERE datname = 'dagster' AND has_database_privilege('public', oid, 'CONNECT') AND pg_has_role(datdba, 'USAGE')
    ) THEN
        REVOKE CONNECT, TEMPORARY ON DATABASE dagster FROM PUBLIC;
    END IF;

    FOR item IN SELECT nspname AS schema, nspname = ANY (facades) AS facade FROM pg_namespace WHERE nspname = ANY (ours) LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, %s', item.schema, everybody);
        -- Checks, views and triggers call functions of ops with the rights of whoever writes.
        readers := 'candlehouse_ingest, candlehouse_readonly, candlehouse_app'
            || CASE WHEN item.facade THEN '' ELSE ', candlehouse_transform' END;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', item.schema, readers);
        -- Tables and views that the owner makes outside of a migration, such as partitions, until the next migration.
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO candlehouse_ingest, candlehouse_readonly',
            item.schema
        );
        IF item.facade THEN
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO candlehouse_app',
                item.schema
            );
        ELSE
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT INSERT, UPDATE, DELETE ON TABLES TO candlehouse_ingest',
                item.schema
            );
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO candlehouse_ingest', item.schema
            );
        END IF;
    END LOOP;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO candlehouse_app, candlehouse_transform;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO candlehouse_app;

    -- dbt makes the marts; the owner of this database reads them for facades.
    GRANT USAGE ON SCHEMA analytics, analytics_dbt_test__audit TO candlehouse_ingest, candlehouse_readonly;
    EXECUTE format('GRANT USAGE ON SCHEMA analytics TO %I', current_user);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE candlehouse_transform IN SCHEMA analytics, analytics_dbt_test__audit'
        ' GRANT SELECT ON TABLES TO candlehouse_ingest, candlehouse_readonly, %I', current_user
    );
    EXECUTE format(
        'GRANT SELECT ON ALL TABLES IN SCHEMA analytics, analytics_dbt_test__audit'
        ' TO candlehouse_ingest, candlehouse_readonly, %I', current_user
    );

    FOR item IN
        SELECT
            format('%I.%I', n.nspname, c.relname) AS name,
            n.nspname AS schema,
            n.nspname = ANY (facades) AS facade,
            c.relname,
            c.relkind IN ('r', 'p') AS stored,
            c.relkind = 'm' AS materialized,
            bool_or(ops.is_credential(a.attname)) AS secret,
            string_agg(quote_ident(a.attname), ', ') FILTER (WHERE NOT ops.is_credential(a.attname)) AS harmless,
            string_agg(quote_ident(a.attname), ', ')
            FILTER (WHERE a.attname NOT IN ('created_at', 'updated_at', 'archived_at')) AS insertable,
            string_agg(quote_ident(a.attname), ', ') FILTER (WHERE a.attname NOT IN ('created_at', 'archived_at')) AS updatable
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE
            n.nspname = ANY (ours) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
        GROUP BY c.oid, n.nspname
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %s', item.name, everybody);

        readers := 'candlehouse_ingest, candlehouse_readonly'
            || CASE WHEN item.schema = 'public' THEN ', candlehouse_transform' ELSE '' END;
        IF item.secret THEN
            EXECUTE format('GRANT SELECT (%s) ON %s TO %s', item.harmless, item.name, readers);
        ELSE
            EXECUTE format('GRANT SELECT ON %s TO %s', item.name, readers);
        END IF;

        IF item.stored AND NOT item.secret AND NOT (item.schema = 'ops' AND item.relname = ANY (ledgers)) THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO candlehouse_ingest', item.name);
        END IF;

        IF item.facade AND item.materialized THEN
            EXECUTE format('GRANT SELECT ON %s TO candlehouse_app', item.name);
            -- Designs print REFRESH MATERIALIZED VIEW. Before PostgreSQL 17 only owners may; the refresh functions stay.
            IF current_setting('server_version_num')::int >= 170000 THEN
                EXECUTE format('GRANT MAINTAIN ON %s TO candlehouse_app, candlehouse_ingest', item.name);
            END IF;
        ELSIF item.facade THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO candlehouse_app', item.name);
        ELSIF item.schema = 'public' THEN
            EXECUTE format('GRANT SELECT ON %s TO candlehouse_app', item.name);
            IF item.stored AND NOT (item.relname = ANY (registries)) THEN
                -- When we knew a row, which version it is and whether it is archived is not for its writer to say. An
                -- updated_at that is set in an UPDATE is overwritten by trigger.
                EXECUTE format('GRANT INSERT (%s), UPDATE (%s) ON %s TO candlehouse_app', item.insertable, item.updatable, item.name);
                EXECUTE format('GRANT DELETE ON %s TO candlehouse_app', item.name);
            END IF;
        END IF;
    END LOOP;

    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO candlehouse_app;
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public, ops TO candlehouse_ingest;

    -- Functions that run with their owner's rights: only for those whom they are made for, and never with a temporary
    -- table of the caller in place of a real one. Triggers need no right to be fired.
    FOR item IN
        SELECT
            p.oid::regprocedure AS name,
            n.nspname = ANY (facades) AS facade,
            p.prorettype <> 'trigger'::regtype AS callable,
            p.provolatile <> 'v' AS reads_only,
            coalesce(
                (
                    SELECT substr(setting, length('search_path=') + 1) FROM unnest(p.proconfig) AS setting
                    WHERE setting LIKE 'search_path=%'
                ),
                'pg_catalog, public, ops'
            ) AS path
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE
            n.nspname = ANY (ours) AND p.prosecdef
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, %s', item.name, everybody);
        IF item.path NOT LIKE '%pg_temp' THEN
            EXECUTE format(
                'ALTER FUNCTION %s SET search_path = %s', item.name,
                CASE WHEN item.path IN ('', '""') THEN 'pg_catalog' ELSE item.path END || ', pg_temp'
            );
        END IF;
        IF item.callable THEN
            EXECUTE format(
                'GRANT EXECUTE ON FUNCTION %s TO %s', item.name,
                CASE
                    -- Views call these with the rights of whoever reads.
                    WHEN item.reads_only THEN everybody
                    WHEN item.facade THEN 'candlehouse_ingest, candlehouse_app'
                    ELSE 'candlehouse_ingest'
                END
            );
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION ops.grant_rights() IS 'Gives every role its rights on everything that is in this database; candlehouse migrate calls it after each file.';

SELECT ops.grant_rights();
