select
    {{ typed('id', 'text') }} as agent_id,
    {{ typed('display_name', 'text') }} as agent_name,
    {{ typed('origin', 'text') }} as origin
from {{ source('trading', 'agents') }}
where {{ as_copied() }}
