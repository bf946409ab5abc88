select
    {{ decision_columns('updated_at' if target.type == 'postgres' else 'ingested_at') }}
from {{ source('decision_changes', 'decision_changes') }}
