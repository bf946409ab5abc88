select
    {{ decision_columns() }}
from {{ source('changes', 'decisions') }}
where {{ as_copied('decisions') }}
