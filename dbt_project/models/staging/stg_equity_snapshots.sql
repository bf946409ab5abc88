with account_equity_snapshots as (

    {{ copied_rows(
        'account_equity_snapshots',
        'agent_id, exchange, origin, equity, captured_at, updated_at',
        'agent_id, exchange, captured_at'
    ) }}

)

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
    {{ typed('captured_at', 'timestamp') }} as captured_at,
    {{ typed('updated_at', 'timestamp') }} as updated_at
from account_equity_snapshots
