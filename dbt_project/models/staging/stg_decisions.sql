select
    {{ decision_columns('updated_at') }}
from {{ source('trading', 'decisions') }}
