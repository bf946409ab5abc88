-- News and sentiment. Three times travel with every row: when it happened (published_at, posted_at, timestamp), when we
-- first had it (first_seen_at) and when it was scored (scored_at); a score carries the version of its scorer.
-- Words are found with the text indexes: WHERE hasAllTokens(content, 'etf approval'), any case (the index lowers both sides).

CREATE TABLE IF NOT EXISTS news_articles_versions
(
    id String COMMENT 'Stable id of the article: the same for every fetch of the same article from the same source.' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Feed or site.',
    title String COMMENT 'Headline.' CODEC(ZSTD(3)),
    summary String DEFAULT '' COMMENT 'Teaser, where the feed has one.' CODEC(ZSTD(3)),
    content String COMMENT 'Text, without markup.' CODEC(ZSTD(3)),
    url String COMMENT 'Address of the article.' CODEC(ZSTD(3)),
    author String DEFAULT '' COMMENT 'Author, empty where unknown.' CODEC(ZSTD(3)),
    language LowCardinality(String) DEFAULT '' COMMENT 'Language code such as en, empty where unknown.',
    symbols Array(LowCardinality(String)) COMMENT 'Assets that it is about, such as BTC.' CODEC(ZSTD(1)),
    keywords Array(String) COMMENT 'Keywords and categories of the feed.' CODEC(ZSTD(3)),
    published_at DateTime64(3, 'UTC') COMMENT 'When it was published, as the source says (UTC).' CODEC(ZSTD(1)),
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(ZSTD(1)),
    revision UInt32 DEFAULT 0 COMMENT 'How many times the source changed the text; earlier texts are in news_article_revisions.' CODEC(ZSTD(1)),
    content_hash FixedString(16) DEFAULT MD5(concat(title, '\n', content)) COMMENT 'MD5 of title and content: tells an edit from a repeat.' CODEC(ZSTD(1)),
    cluster_id Nullable(String) COMMENT 'Articles with the same cluster tell the same story.' CODEC(ZSTD(1)),
    is_cluster_primary Bool DEFAULT true COMMENT 'Whether it stands for its cluster.',
    sentiment Nullable(Float64) COMMENT 'Score from -1 (bad) to 1 (good); NULL while not scored.' CODEC(ZSTD(3)),
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10; NULL while not scored.' CODEC(ZSTD(1)),
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1; NULL while not scored.' CODEC(ZSTD(3)),
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says: immediate, hours, days.',
    scored_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the score was made (UTC).' CODEC(ZSTD(1)),
    scorer LowCardinality(Nullable(String)) COMMENT 'What scored it, such as vader or a model''s name.',
    scorer_version LowCardinality(Nullable(String)) COMMENT 'Version of the scorer; a new version writes a new score.',
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this state of the row was known (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1)),
    INDEX title_words title TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(title)),
    INDEX content_words content TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(content))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(published_at)
ORDER BY id
COMMENT 'News articles, all versions: read the view news_articles.';

CREATE OR REPLACE VIEW news_articles
(
    id String COMMENT 'Stable id of the article: the same for every fetch of the same article from the same source.',
    source LowCardinality(String) COMMENT 'Feed or site.',
    title String COMMENT 'Headline.',
    summary String COMMENT 'Teaser, where the feed has one.',
    content String COMMENT 'Text, without markup.',
    url String COMMENT 'Address of the article.',
    author String COMMENT 'Author, empty where unknown.',
    language LowCardinality(String) COMMENT 'Language code such as en, empty where unknown.',
    symbols Array(LowCardinality(String)) COMMENT 'Assets that it is about, such as BTC.',
    keywords Array(String) COMMENT 'Keywords and categories of the feed.',
    published_at DateTime64(3, 'UTC') COMMENT 'When it was published, as the source says (UTC).',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    revision UInt32 COMMENT 'How many times the source changed the text; earlier texts are in news_article_revisions.',
    content_hash FixedString(16) COMMENT 'MD5 of title and content: tells an edit from a repeat.',
    cluster_id Nullable(String) COMMENT 'Articles with the same cluster tell the same story.',
    is_cluster_primary Bool COMMENT 'Whether it stands for its cluster.',
    sentiment Nullable(Float64) COMMENT 'Score from -1 (bad) to 1 (good); NULL while not scored.',
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10; NULL while not scored.',
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1; NULL while not scored.',
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says: immediate, hours, days.',
    scored_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the score was made (UTC).',
    scorer LowCardinality(Nullable(String)) COMMENT 'What scored it, such as vader or a model''s name.',
    scorer_version LowCardinality(Nullable(String)) COMMENT 'Version of the scorer; a new version writes a new score.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when this state of the row was known (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM news_articles_versions FINAL
COMMENT 'Every article once: its newest text with its newest score.';

CREATE TABLE IF NOT EXISTS news_article_revisions_versions
(
    id String COMMENT 'The article.' CODEC(ZSTD(1)),
    revision UInt32 COMMENT 'The revision that this text was.' CODEC(ZSTD(1)),
    title String COMMENT 'Headline of that revision.' CODEC(ZSTD(3)),
    content String COMMENT 'Text of that revision.' CODEC(ZSTD(3)),
    published_at DateTime64(3, 'UTC') COMMENT 'When the source said it was published (UTC).' CODEC(ZSTD(1)),
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(ZSTD(1)),
    replaced_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Version: when a later text was found (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(replaced_at)
PARTITION BY toYYYYMM(first_seen_at)
ORDER BY (id, revision)
COMMENT 'Texts that a source later changed, one row per replaced revision of an article, all versions: read the view news_article_revisions.';

CREATE OR REPLACE VIEW news_article_revisions
(
    id String COMMENT 'The article.',
    revision UInt32 COMMENT 'The revision that this text was.',
    title String COMMENT 'Headline of that revision.',
    content String COMMENT 'Text of that revision.',
    published_at DateTime64(3, 'UTC') COMMENT 'When the source said it was published (UTC).',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    replaced_at DateTime64(3, 'UTC') COMMENT 'Version: when a later text was found (UTC).'
)
AS SELECT * FROM news_article_revisions_versions FINAL
COMMENT 'Every replaced text once.';

CREATE TABLE IF NOT EXISTS news_scores_versions
(
    article_id String COMMENT 'The article or post.' CODEC(ZSTD(1)),
    scorer LowCardinality(String) COMMENT 'What scored it.',
    scorer_version LowCardinality(String) COMMENT 'Version of the scorer.',
    revision UInt32 DEFAULT 0 COMMENT 'Revision of the text that was scored.' CODEC(ZSTD(1)),
    sentiment Float64 COMMENT 'Score from -1 (bad) to 1 (good).' CODEC(ZSTD(3)),
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10.' CODEC(ZSTD(1)),
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1.' CODEC(ZSTD(3)),
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says.',
    scored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Version: when the score was made (UTC).' CODEC(ZSTD(1)),
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(scored_at)
PARTITION BY toYYYYMM(scored_at)
ORDER BY (article_id, revision, scorer, scorer_version)
COMMENT 'What each version of each scorer said about each text, all versions: read the view news_scores.';

CREATE OR REPLACE VIEW news_scores
(
    article_id String COMMENT 'The article or post.',
    scorer LowCardinality(String) COMMENT 'What scored it.',
    scorer_version LowCardinality(String) COMMENT 'Version of the scorer.',
    revision UInt32 COMMENT 'Revision of the text that was scored.',
    sentiment Float64 COMMENT 'Score from -1 (bad) to 1 (good).',
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10.',
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1.',
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says.',
    scored_at DateTime64(3, 'UTC') COMMENT 'Version: when the score was made (UTC).',
    details String COMMENT 'JSON object: fields of the source that have no column here.'
)
AS SELECT * FROM news_scores_versions FINAL
COMMENT 'Every score once, newest version.';

CREATE TABLE IF NOT EXISTS sentiment_data_versions
(
    symbol LowCardinality(String) COMMENT 'Asset; empty for the market as a whole.',
    sentiment_type LowCardinality(String) COMMENT 'What was measured: news, social, funding, fear_greed.',
    source LowCardinality(String) COMMENT 'Who measured it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment or start of the window that the figure is about (UTC).' CODEC(Delta, ZSTD(1)),
    id String COMMENT 'Id chosen by the writer; not the identity.' CODEC(ZSTD(1)),
    score Float64 COMMENT 'From -1 (fear) to 1 (greed).' CODEC(ZSTD(3)),
    raw_value Nullable(Float64) COMMENT 'The figure as the source gives it, in its own scale.' CODEC(ZSTD(3)),
    volume UInt32 DEFAULT 0 COMMENT 'Number of articles or posts behind it.' CODEC(ZSTD(1)),
    confidence Nullable(Float64) COMMENT 'How sure the scorer is, 0 to 1.' CODEC(ZSTD(3)),
    scorer LowCardinality(String) DEFAULT '' COMMENT 'What scored it, empty where the source did.',
    scorer_version LowCardinality(String) DEFAULT '' COMMENT 'Version of the scorer.',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(Delta, ZSTD(1)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this state of the row was known (UTC).' CODEC(Delta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (symbol, sentiment_type, source, scorer, scorer_version, timestamp)
COMMENT 'Sentiment over time, all versions: read the view sentiment_data.';

CREATE OR REPLACE VIEW sentiment_data
(
    symbol LowCardinality(String) COMMENT 'Asset; empty for the market as a whole.',
    sentiment_type LowCardinality(String) COMMENT 'What was measured: news, social, funding, fear_greed.',
    source LowCardinality(String) COMMENT 'Who measured it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment or start of the window that the figure is about (UTC).',
    id String COMMENT 'Id chosen by the writer; not the identity.',
    score Float64 COMMENT 'From -1 (fear) to 1 (greed).',
    raw_value Nullable(Float64) COMMENT 'The figure as the source gives it, in its own scale.',
    volume UInt32 COMMENT 'Number of articles or posts behind it.',
    confidence Nullable(Float64) COMMENT 'How sure the scorer is, 0 to 1.',
    scorer LowCardinality(String) COMMENT 'What scored it, empty where the source did.',
    scorer_version LowCardinality(String) COMMENT 'Version of the scorer.',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when this state of the row was known (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM sentiment_data_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every sentiment figure once, newest version.';

CREATE TABLE IF NOT EXISTS social_media_posts_versions
(
    platform LowCardinality(String) COMMENT 'Where it was posted, such as reddit or x.',
    id String COMMENT 'Id at the platform.' CODEC(ZSTD(1)),
    author String COMMENT 'Who posted.' CODEC(ZSTD(3)),
    author_followers Nullable(UInt64) COMMENT 'Followers of the author when we last looked.' CODEC(ZSTD(1)),
    content String COMMENT 'Text, without markup.' CODEC(ZSTD(3)),
    url String DEFAULT '' COMMENT 'Address of the post.' CODEC(ZSTD(3)),
    language LowCardinality(String) DEFAULT '' COMMENT 'Language code such as en, empty where unknown.',
    symbols Array(LowCardinality(String)) COMMENT 'Assets that it is about, such as BTC.' CODEC(ZSTD(1)),
    likes Nullable(UInt64) COMMENT 'Likes or upvotes when we last looked.' CODEC(ZSTD(1)),
    shares Nullable(UInt64) COMMENT 'Reposts when we last looked.' CODEC(ZSTD(1)),
    replies Nullable(UInt64) COMMENT 'Replies when we last looked.' CODEC(ZSTD(1)),
    posted_at DateTime64(3, 'UTC') COMMENT 'When it was posted, as the platform says (UTC).' CODEC(ZSTD(1)),
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(ZSTD(1)),
    sentiment Nullable(Float64) COMMENT 'Score from -1 (bad) to 1 (good); NULL while not scored.' CODEC(ZSTD(3)),
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10; NULL while not scored.' CODEC(ZSTD(1)),
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1; NULL while not scored.' CODEC(ZSTD(3)),
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says: immediate, hours, days.',
    scored_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the score was made (UTC).' CODEC(ZSTD(1)),
    scorer LowCardinality(Nullable(String)) COMMENT 'What scored it, such as vader or a model''s name.',
    scorer_version LowCardinality(Nullable(String)) COMMENT 'Version of the scorer; a new version writes a new score.',
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this state of the row was known (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1)),
    INDEX content_words content TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(content))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(posted_at)
ORDER BY (platform, id)
COMMENT 'Posts, all versions: read the view social_media_posts.';

CREATE OR REPLACE VIEW social_media_posts
(
    platform LowCardinality(String) COMMENT 'Where it was posted, such as reddit or x.',
    id String COMMENT 'Id at the platform.',
    author String COMMENT 'Who posted.',
    author_followers Nullable(UInt64) COMMENT 'Followers of the author when we last looked.',
    content String COMMENT 'Text, without markup.',
    url String COMMENT 'Address of the post.',
    language LowCardinality(String) COMMENT 'Language code such as en, empty where unknown.',
    symbols Array(LowCardinality(String)) COMMENT 'Assets that it is about, such as BTC.',
    likes Nullable(UInt64) COMMENT 'Likes or upvotes when we last looked.',
    shares Nullable(UInt64) COMMENT 'Reposts when we last looked.',
    replies Nullable(UInt64) COMMENT 'Replies when we last looked.',
    posted_at DateTime64(3, 'UTC') COMMENT 'When it was posted, as the platform says (UTC).',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    sentiment Nullable(Float64) COMMENT 'Score from -1 (bad) to 1 (good); NULL while not scored.',
    impact Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10; NULL while not scored.',
    relevance Nullable(Float64) COMMENT 'How much it is about the symbols, 0 to 1; NULL while not scored.',
    urgency LowCardinality(Nullable(String)) COMMENT 'How fast it matters, as the scorer says: immediate, hours, days.',
    scored_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the score was made (UTC).',
    scorer LowCardinality(Nullable(String)) COMMENT 'What scored it, such as vader or a model''s name.',
    scorer_version LowCardinality(Nullable(String)) COMMENT 'Version of the scorer; a new version writes a new score.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when this state of the row was known (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM social_media_posts_versions FINAL
COMMENT 'Every post once, newest version.';
