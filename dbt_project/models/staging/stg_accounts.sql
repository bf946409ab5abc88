with accounts as (

    {{ copied_rows(
        'accounts',
        'agent_id, exchange, base_currency, origin, initial_equity, inception_at, updated_at',
        'agent_id, exchange'
    ) }}

)

select
    -- ids
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('exchange', 'text') }} as exchange,

    -- words
    {{ typed('base_currency', 'text') }} as currency,
    {{ typed('origin', 'text') }} as origin,

    -- numerics
    {{ typed('initial_equity', 'decimal', nullable=true) }} as initial_equity,

    -- timestamps
    {{ typed('inception_at', 'timestamp', nullable=true) }} as inception_at,
    {{ typed('updated_at', 'timestamp') }} as updated_at
from accounts
