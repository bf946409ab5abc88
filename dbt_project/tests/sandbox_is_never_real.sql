select *
from {{ ref('trade_facts') }}
where exchange = 'sandbox' and origin_group <> 'made up'
