-- What the role that asks may do and should not: one phrase a row, none when all is well. Rights are told apart by the
-- rules of docs/roles.md, not by the statements of the migration that grants them.
WITH relations AS (
    SELECT
        c.oid,
        c.relowner,
        c.relname,
        n.nspname,
        format('%I.%I', n.nspname, c.relname) AS name,
        n.nspname IN ('nof0', 'learning', 'hybrid', 'quantbot', 'tradingagents') AS is_facade,
        pg_has_role(c.relowner, 'USAGE') AS is_mine
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE
        c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
),

columns AS (
    SELECT
        r.*,
        a.attnum,
        a.attname
    FROM relations AS r
    INNER JOIN pg_attribute AS a ON r.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
)

SELECT 'has an attribute of administrators' AS excess
FROM pg_roles
WHERE rolname = current_user AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
UNION ALL
SELECT format('is a member of %s', m.roleid::regrole)
FROM pg_auth_members AS m
WHERE m.member = current_user::regrole
UNION ALL
SELECT format('may connect to database %s', d.datname)
FROM pg_database AS d
WHERE d.datname = 'dagster' AND has_database_privilege(d.oid, 'CONNECT')
UNION ALL
SELECT 'may create schemas'
WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT format('may create in schema %s', n.nspname)
FROM pg_namespace AS n
WHERE
    n.nspname NOT LIKE 'pg\_%' AND has_schema_privilege(n.oid, 'CREATE')
    AND NOT (current_user = 'candlehouse_transform' AND n.nspname IN ('analytics', 'analytics_dbt_test__audit'))
UNION ALL
SELECT format('owns %s', r.name)
FROM relations AS r
WHERE
    r.is_mine
    AND NOT (current_user = 'candlehouse_transform' AND r.nspname IN ('analytics', 'analytics_dbt_test__audit'))
UNION ALL
SELECT format('may truncate %s or touch its triggers', r.name)
FROM relations AS r
WHERE NOT r.is_mine AND has_table_privilege(r.oid, 'TRUNCATE, TRIGGER, REFERENCES')
UNION ALL
SELECT format('may write %s', r.name)
FROM relations AS r
WHERE
    NOT r.is_mine
    AND (has_any_column_privilege(r.oid, 'INSERT, UPDATE') OR has_table_privilege(r.oid, 'DELETE'))
    AND CASE current_user
        WHEN 'candlehouse_app' THEN NOT (r.nspname = 'public' OR r.is_facade) OR r.relname = 'embedding_models'
        WHEN 'candlehouse_ingest'
            THEN NOT (r.nspname IN ('public', 'ops')) OR r.relname IN ('alembic_version', 'applied_migrations')
        ELSE true
    END
UNION ALL
SELECT format('may read %s', r.name)
FROM relations AS r
WHERE
    NOT r.is_mine AND has_any_column_privilege(r.oid, 'SELECT')
    AND CASE current_user
        WHEN 'candlehouse_app' THEN NOT (r.nspname = 'public' OR r.is_facade)
        WHEN 'candlehouse_transform' THEN r.nspname <> 'public'
        ELSE false
    END
UNION ALL
SELECT format('may read or write the credential %s.%I', c.name, c.attname)
FROM columns AS c
WHERE
    current_user <> 'candlehouse_app' AND ops.is_credential(c.attname)
    AND has_column_privilege(c.oid, c.attnum, 'SELECT, INSERT, UPDATE')
UNION ALL
SELECT format('may set %s.%I', c.name, c.attname)
FROM columns AS c
WHERE
    current_user = 'candlehouse_app' AND NOT c.is_facade
    AND (
        (c.attname IN ('created_at', 'archived_at') AND has_column_privilege(c.oid, c.attnum, 'INSERT, UPDATE'))
        OR (c.attname = 'updated_at' AND has_column_privilege(c.oid, c.attnum, 'INSERT'))
    )
ORDER BY excess
