with agents as (

    {{ copied_rows(
        'agents',
        'id, display_name, origin, updated_at',
        'id'
    ) }}

)

select
    {{ typed('id', 'text') }} as agent_id,
    {{ typed('display_name', 'text') }} as agent_name,
    {{ typed('origin', 'text') }} as origin
from agents
