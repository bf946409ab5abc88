select
    {{ decision_columns() }}
from {{ source('decision_changes', 'decision_changes') }}
where {{ as_copied() }}
