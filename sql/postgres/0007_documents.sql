-- Documents: JSON objects as their writers made them, with the keys that are searched as generated columns.

-- A document's time: ISO 8601 text (without an offset it is UTC), milliseconds since 1970 or {"$date": either}.
CREATE FUNCTION ops.document_time(value jsonb) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF jsonb_typeof(value) = 'object' THEN
        value := coalesce(value -> '$date', value);
        value := coalesce(value -> '$numberLong', value);
    END IF;
    CASE
        WHEN jsonb_typeof(value) = 'null' THEN
            RETURN NULL;
        WHEN (value #>> '{}') ~ '^-?[0-9]+(\.[0-9]+)?$' THEN
            RETURN ops.from_epoch_ms(floor((value #>> '{}')::numeric)::bigint);
        WHEN (value #>> '{}') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN
            RETURN (value #>> '{}')::timestamptz;
        ELSE
            RAISE EXCEPTION 'document: % is not a time: write ISO 8601 or milliseconds since 1970', value
                USING ERRCODE = 'check_violation', COLUMN = 'document';
    END CASE;
END
$$;

COMMENT ON FUNCTION ops.document_time(jsonb) IS 'The time that a document means: ISO 8601 text (UTC without an offset), milliseconds since 1970, or {"$date": ...}. NULL for null.';

CREATE FUNCTION ops.document_symbols(value jsonb) RETURNS text []
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT found.symbol), '{}')
    FROM jsonb_path_query(value, 'lax $[*]') AS entry,
        LATERAL (
            SELECT CASE jsonb_typeof(entry) WHEN 'string' THEN entry #>> '{}' WHEN 'object' THEN entry ->> 'symbol' END
        ) AS found (symbol)
    WHERE found.symbol IS NOT NULL
$$;

COMMENT ON FUNCTION ops.document_symbols(jsonb) IS 'Symbols of a document''s list: plain strings, or objects with a key symbol. Empty for none.';

CREATE FUNCTION ops.document_number(value jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN value::numeric END
$$;

COMMENT ON FUNCTION ops.document_number(jsonb) IS 'A JSON number, exactly; NULL for anything else.';

-- 200,000 characters: a tsvector holds 1 MiB, and a longer text would be refused instead of found by its beginning.
CREATE FUNCTION ops.document_words(value jsonb, weight "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', left(coalesce(string_agg(leaf #>> '{}', E'\n'), ''), 200000)), weight)
    FROM jsonb_path_query(value, 'strict $.** ? (@.type() == "string")') AS leaf
$$;

COMMENT ON FUNCTION ops.document_words(jsonb, "char") IS 'Words of all strings in a part of a document, for full-text search (English), with a weight A to D.';

CREATE TABLE agent_analysis_results (
    id text PRIMARY KEY CHECK (id <> ''),
    document jsonb NOT NULL CONSTRAINT agent_analysis_results_document_is_object CHECK (jsonb_typeof(document) = 'object'),
    agent_id text GENERATED ALWAYS AS (document ->> 'agent_id') STORED,
    agent_type text GENERATED ALWAYS AS (document ->> 'agent_type') STORED,
    session_id text GENERATED ALWAYS AS (document ->> 'session_id') STORED,
    user_id text GENERATED ALWAYS AS (document ->> 'user_id') STORED,
    symbol text GENERATED ALWAYS AS (document ->> 'symbol') STORED,
    market text GENERATED ALWAYS AS (document ->> 'market') STORED,
    direction text GENERATED ALWAYS AS (document #>> '{predictions,direction}') STORED,
    confidence numeric GENERATED ALWAYS AS (ops.document_number(document #> '{predictions,confidence}')) STORED
    CONSTRAINT agent_analysis_results_confidence_fits CHECK (ops.fits_decimal(confidence) AND confidence BETWEEN 0 AND 1),
    validation_status text GENERATED ALWAYS AS (document ->> 'validation_status') STORED,
    analysis_timestamp timestamptz GENERATED ALWAYS AS (ops.document_time(document -> 'analysis_timestamp')) STORED
    CONSTRAINT agent_analysis_results_analysis_timestamp_fits CHECK (ops.fits_time(analysis_timestamp)),
    search tsvector GENERATED ALWAYS AS (
        ops.document_words(document -> 'title', 'A')
        || ops.document_words(coalesce(document #> '{analysis_content,summary}', document -> 'summary'), 'B')
        || ops.document_words((document #- '{analysis_content,summary}') -> 'analysis_content', 'D')
        || ops.document_words(document -> 'content', 'D')
    ) STORED,
    expires_at timestamptz CHECK (ops.fits_time(expires_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX agent_analysis_results_symbol_time ON agent_analysis_results (symbol, analysis_timestamp DESC);
CREATE INDEX agent_analysis_results_session_time ON agent_analysis_results (session_id, analysis_timestamp DESC);
CREATE INDEX agent_analysis_results_type_time ON agent_analysis_results (agent_type, analysis_timestamp DESC);
CREATE INDEX agent_analysis_results_agent_time ON agent_analysis_results (agent_id, analysis_timestamp DESC)
WHERE agent_id IS NOT NULL;
CREATE INDEX agent_analysis_results_user_time ON agent_analysis_results (user_id, analysis_timestamp DESC)
WHERE user_id IS NOT NULL;
CREATE INDEX agent_analysis_results_direction_time ON agent_analysis_results (direction, analysis_timestamp DESC);

COMMENT ON TABLE agent_analysis_results IS 'Analyses by agents of a team, as they wrote them.';
COMMENT ON COLUMN agent_analysis_results.agent_id IS 'document.agent_id: agent, where the writer names one.';
COMMENT ON COLUMN agent_analysis_results.agent_type IS 'document.agent_type: its part in the team, such as market_analyst.';
COMMENT ON COLUMN agent_analysis_results.session_id IS 'document.session_id: session of the team.';
COMMENT ON COLUMN agent_analysis_results.user_id IS 'document.user_id: who asked.';
COMMENT ON COLUMN agent_analysis_results.symbol IS 'document.symbol: instrument.';
COMMENT ON COLUMN agent_analysis_results.market IS 'document.market: market, such as US, CN, HK.';
COMMENT ON COLUMN agent_analysis_results.direction IS 'document.predictions.direction: strong_buy, buy, hold, sell or strong_sell.';
COMMENT ON COLUMN agent_analysis_results.confidence IS 'document.predictions.confidence: the agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN agent_analysis_results.validation_status IS 'document.validation_status: pending, validated, needs_review or rejected.';
COMMENT ON COLUMN agent_analysis_results.analysis_timestamp IS 'document.analysis_timestamp: when it was made (UTC).';
COMMENT ON COLUMN agent_analysis_results.search IS 'Words of title (weight A), summary (B) and the rest of the analysis (D), English.';
COMMENT ON COLUMN agent_analysis_results.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';

CREATE TABLE trading_signals (
    id text PRIMARY KEY CHECK (id <> ''),
    document jsonb NOT NULL CONSTRAINT trading_signals_document_is_object CHECK (jsonb_typeof(document) = 'object'),
    agent_id text GENERATED ALWAYS AS (
        coalesce(document ->> 'agent_id', document #>> '{supporting_analysis,primary_agent}')
    ) STORED,
    symbol text GENERATED ALWAYS AS (document ->> 'symbol') STORED,
    market text GENERATED ALWAYS AS (document ->> 'market') STORED,
    signal_type text GENERATED ALWAYS AS (document ->> 'signal_type') STORED,
    strength text GENERATED ALWAYS AS (document ->> 'strength') STORED,
    status text GENERATED ALWAYS AS (document ->> 'status') STORED,
    confidence numeric GENERATED ALWAYS AS (
        ops.document_number(document #> '{confidence_metrics,overall_confidence}')
    ) STORED
    CONSTRAINT trading_signals_confidence_fits CHECK (ops.fits_decimal(confidence) AND confidence BETWEEN 0 AND 1),
    generated_at timestamptz GENERATED ALWAYS AS (ops.document_time(document -> 'generated_at')) STORED
    CONSTRAINT trading_signals_generated_at_fits CHECK (ops.fits_time(generated_at)),
    search tsvector GENERATED ALWAYS AS (
        ops.document_words(document -> 'title', 'A')
        || ops.document_words(document -> 'summary', 'B')
        || ops.document_words(document #- '{title}' #- '{summary}', 'D')
    ) STORED,
    expires_at timestamptz CHECK (ops.fits_time(expires_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX trading_signals_symbol_time ON trading_signals (symbol, generated_at DESC);
CREATE INDEX trading_signals_type_time ON trading_signals (signal_type, generated_at DESC);
CREATE INDEX trading_signals_status_time ON trading_signals (status, generated_at DESC);
CREATE INDEX trading_signals_strength_time ON trading_signals (strength, generated_at DESC);
CREATE INDEX trading_signals_agent_time ON trading_signals (agent_id, generated_at DESC) WHERE agent_id IS NOT NULL;

COMMENT ON TABLE trading_signals IS 'Trading recommendations, as their writers made them.';
COMMENT ON COLUMN trading_signals.agent_id IS 'document.agent_id, else document.supporting_analysis.primary_agent: who gave it.';
COMMENT ON COLUMN trading_signals.symbol IS 'document.symbol: instrument.';
COMMENT ON COLUMN trading_signals.market IS 'document.market: market, such as US, CN, HK.';
COMMENT ON COLUMN trading_signals.signal_type IS 'document.signal_type: buy, sell, hold or alert.';
COMMENT ON COLUMN trading_signals.strength IS 'document.strength: weak, moderate, strong or very_strong.';
COMMENT ON COLUMN trading_signals.status IS 'document.status: active, expired, triggered or cancelled.';
COMMENT ON COLUMN trading_signals.confidence IS 'document.confidence_metrics.overall_confidence: probability of being right, 0 to 1.';
COMMENT ON COLUMN trading_signals.generated_at IS 'document.generated_at: when it was given (UTC).';
COMMENT ON COLUMN trading_signals.search IS 'Words of title (weight A), summary (B) and everything else (D), English.';
COMMENT ON COLUMN trading_signals.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';

CREATE TABLE news_documents (
    id text PRIMARY KEY CHECK (id <> ''),
    document jsonb NOT NULL CONSTRAINT news_documents_document_is_object CHECK (jsonb_typeof(document) = 'object'),
    symbols text [] GENERATED ALWAYS AS (ops.document_symbols(document -> 'symbols')) STORED,
    source_name text GENERATED ALWAYS AS (
        coalesce(document #>> '{source,name}', document ->> 'source')
    ) STORED,
    source_type text GENERATED ALWAYS AS (document #>> '{source,type}') STORED,
    language text GENERATED ALWAYS AS (document ->> 'language') STORED,
    region text GENERATED ALWAYS AS (document ->> 'region') STORED,
    processing_status text GENERATED ALWAYS AS (document ->> 'processing_status') STORED,
    impact_score numeric GENERATED ALWAYS AS (ops.document_number(document -> 'impact_score')) STORED
    CONSTRAINT news_documents_impact_score_fits CHECK (ops.fits_decimal(impact_score)),
    published_at timestamptz GENERATED ALWAYS AS (ops.document_time(document -> 'published_at')) STORED
    CONSTRAINT news_documents_published_at_fits CHECK (ops.fits_time(published_at)),
    search tsvector GENERATED ALWAYS AS (
        ops.document_words(document -> 'title', 'A')
        || ops.document_words(document -> 'summary', 'B')
        || ops.document_words(document -> 'content', 'D')
    ) STORED,
    expires_at timestamptz CHECK (ops.fits_time(expires_at)),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX news_documents_published_at ON news_documents (published_at DESC);
CREATE INDEX news_documents_source_time ON news_documents (source_type, published_at DESC);
CREATE INDEX news_documents_region_time ON news_documents (region, published_at DESC);
CREATE INDEX news_documents_impact_time ON news_documents (impact_score DESC, published_at DESC);
CREATE INDEX news_documents_unprocessed ON news_documents (published_at) WHERE processing_status = 'raw';
CREATE INDEX news_documents_symbols ON news_documents USING gin (symbols);

COMMENT ON TABLE news_documents IS 'News that agents of a team collected, as they wrote it. News of the data house itself are in ClickHouse, news_articles.';
COMMENT ON COLUMN news_documents.symbols IS 'document.symbols: instruments, from plain strings or objects with a key symbol.';
COMMENT ON COLUMN news_documents.source_name IS 'document.source.name, or document.source where it is text: publisher.';
COMMENT ON COLUMN news_documents.source_type IS 'document.source.type: kind of source, such as rss.';
COMMENT ON COLUMN news_documents.language IS 'document.language: language code.';
COMMENT ON COLUMN news_documents.region IS 'document.region: market, such as US, CN, HK.';
COMMENT ON COLUMN news_documents.processing_status IS 'document.processing_status: raw, processed, analyzed or failed.';
COMMENT ON COLUMN news_documents.impact_score IS 'document.impact_score: expected impact, 0 to 1 by the writer''s scale.';
COMMENT ON COLUMN news_documents.published_at IS 'document.published_at: when it was published (UTC).';
COMMENT ON COLUMN news_documents.search IS 'Words of title (weight A), summary (B) and content (D), English.';

CREATE TABLE social_documents (
    id text PRIMARY KEY CHECK (id <> ''),
    document jsonb NOT NULL CONSTRAINT social_documents_document_is_object CHECK (jsonb_typeof(document) = 'object'),
    symbols text [] GENERATED ALWAYS AS (ops.document_symbols(document -> 'symbols')) STORED,
    platform text GENERATED ALWAYS AS (document ->> 'platform') STORED,
    author_name text GENERATED ALWAYS AS (
        coalesce(document #>> '{author,username}', document ->> 'author')
    ) STORED,
    sentiment_score numeric GENERATED ALWAYS AS (ops.document_number(document #> '{sentiment,score}')) STORED
    CONSTRAINT social_documents_sentiment_score_fits CHECK (ops.fits_decimal(sentiment_score)),
    posted_at timestamptz GENERATED ALWAYS AS (ops.document_time(document -> 'posted_at')) STORED
    CONSTRAINT social_documents_posted_at_fits CHECK (ops.fits_time(posted_at)),
    search tsvector GENERATED ALWAYS AS (
        ops.document_words(document -> 'title', 'A')
        || ops.document_words(document -> 'summary', 'B')
        || ops.document_words(document -> 'content', 'D')
    ) STORED,
    expires_at timestamptz CHECK (ops.fits_time(expires_at)),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX social_documents_posted_at ON social_documents (posted_at DESC);
CREATE INDEX social_documents_platform_time ON social_documents (platform, posted_at DESC);
CREATE INDEX social_documents_author_time ON social_documents (author_name, posted_at DESC);
CREATE INDEX social_documents_sentiment_time ON social_documents (sentiment_score, posted_at DESC);
CREATE INDEX social_documents_symbols ON social_documents USING gin (symbols);

COMMENT ON TABLE social_documents IS 'Posts that agents of a team collected, as they wrote them. History is in ClickHouse, social_media_posts.';
COMMENT ON COLUMN social_documents.symbols IS 'document.symbols: instruments, from plain strings or objects with a key symbol.';
COMMENT ON COLUMN social_documents.platform IS 'document.platform: platform, such as reddit.';
COMMENT ON COLUMN social_documents.author_name IS 'document.author.username, or document.author where it is text.';
COMMENT ON COLUMN social_documents.sentiment_score IS 'document.sentiment.score: -1 to 1 by the writer''s scale.';
COMMENT ON COLUMN social_documents.posted_at IS 'document.posted_at: when it was posted (UTC).';
COMMENT ON COLUMN social_documents.search IS 'Words of title (weight A), summary (B) and content (D), English.';

-- Argument: the key of the document that holds its id.
CREATE FUNCTION ops.fill_document() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF jsonb_typeof(NEW.document) <> 'object' THEN
        RAISE EXCEPTION '%.document: a JSON object is expected, not %', TG_TABLE_NAME, jsonb_typeof(NEW.document)
            USING ERRCODE = 'check_violation', COLUMN = 'document', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    NEW.id := coalesce(NEW.id, NEW.document ->> TG_ARGV[0], gen_random_uuid()::text);
    IF TG_OP = 'INSERT' THEN
        NEW.expires_at := coalesce(NEW.expires_at, ops.document_time(NEW.document -> 'expires_at'));
    ELSIF NEW.expires_at IS NOT DISTINCT FROM OLD.expires_at
        AND NEW.document -> 'expires_at' IS DISTINCT FROM OLD.document -> 'expires_at' THEN
        NEW.expires_at := ops.document_time(NEW.document -> 'expires_at');
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_document() IS 'Trigger: a document without an id has the one it names itself, else a new one; expires_at follows document.expires_at where the writer sets no other.';

-- 30 days after the post is when the design's collection dropped it.
CREATE FUNCTION ops.fill_social_expiry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.expires_at := coalesce(
        NEW.expires_at, coalesce(ops.document_time(NEW.document -> 'posted_at'), clock_timestamp()) + interval '30 days'
    );
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_social_expiry() IS 'Trigger: a post without an expiry expires 30 days after it was posted.';

DO $$
DECLARE
    name text;
    key text;
BEGIN
    FOR name, key IN VALUES
        ('agent_analysis_results', 'analysis_id'), ('trading_signals', 'signal_id'), ('news_documents', 'article_id'),
        ('social_documents', 'post_id')
    LOOP
        EXECUTE format('CREATE INDEX %I ON public.%I USING gin (document jsonb_path_ops)', name || '_document', name);
        EXECUTE format('CREATE INDEX %I ON public.%I USING gin (search)', name || '_search', name);
        EXECUTE format('CREATE INDEX %I ON public.%I (expires_at) WHERE expires_at IS NOT NULL', name || '_expires_at', name);
        EXECUTE format('CREATE INDEX %I ON public.%I (created_at, id) WHERE archived_at IS NULL', name || '_unarchived', name);
        EXECUTE format('CREATE INDEX %I ON public.%I (updated_at)', name || '_updated_at', name);
        EXECUTE format(
            'CREATE TRIGGER fill_document BEFORE INSERT OR UPDATE ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.fill_document(%L)', name, key
        );
        EXECUTE format(
            'CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.%I FOR EACH ROW WHEN ('
            '(OLD.id, OLD.document, OLD.expires_at, OLD.archived_at)'
            ' IS DISTINCT FROM (NEW.id, NEW.document, NEW.expires_at, NEW.archived_at))'
            ' EXECUTE FUNCTION ops.touch_updated_at()', name
        );
        EXECUTE format(
            'COMMENT ON COLUMN public.%I.id IS %L', name,
            'Stable id: the writer''s, else document.' || key || ', else given here (a UUID as text). A replay is an upsert.'
        );
        EXECUTE format('COMMENT ON COLUMN public.%I.document IS %L', name, 'The JSON object as its writer made it.');
        EXECUTE format(
            'COMMENT ON COLUMN public.%I.expires_at IS %L', name,
            'From when readers of the facade no longer see it (UTC); follows document.expires_at. NULL: never.'
        );
        EXECUTE format(
            'COMMENT ON COLUMN public.%I.archived_at IS %L', name,
            'When ClickHouse was proven to hold this version of the row (UTC).'
        );
        EXECUTE format('COMMENT ON COLUMN public.%I.created_at IS %L', name, 'When we learned of it (UTC).');
        EXECUTE format(
            'COMMENT ON COLUMN public.%I.updated_at IS %L', name,
            'When the row last changed (UTC); kept by trigger. Version of the row.'
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['agent_analysis_results', 'trading_signals'] LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_origin BEFORE UPDATE OF origin ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.keep_origin()', name
        );
    END LOOP;
END
$$;

CREATE TRIGGER fill_social_expiry BEFORE INSERT ON social_documents
FOR EACH ROW EXECUTE FUNCTION ops.fill_social_expiry();
