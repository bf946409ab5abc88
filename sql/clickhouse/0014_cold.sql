-- Cold files: a newer version of these rows may lie in another month than the one that is in a file. When a row came says
-- which rows to look at.

ALTER TABLE news_scores_versions
    ADD COLUMN IF NOT EXISTS ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1));

ALTER TABLE news_article_revisions_versions
    ADD COLUMN IF NOT EXISTS ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1));
