select
    -- ids
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('exchange', 'text') }} as exchange,

    -- words
    {{ typed('origin', 'text') }} as origin,
    {{ typed(origin_group('origin'), 'text') }} as origin_group,

    -- numerics
    {{ typed('equity', 'decimal') }} as equity,

    -- timestamps
    {{ typed('captured_at', 'timestamp') }} as captured_at
from {{ source('trading', 'account_equity_snapshots') }}
where {{ as_copied() }}
