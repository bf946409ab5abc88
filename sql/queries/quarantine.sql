INSERT INTO ops.quarantine AS q (source, row_key, reason, payload)
VALUES (%(source)s, %(row_key)s, %(reason)s, %(payload)s)
ON CONFLICT (source, row_key, reason) DO UPDATE SET
    payload = excluded.payload, last_seen_at = now(), times_seen = q.times_seen + 1
