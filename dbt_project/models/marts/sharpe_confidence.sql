{{ config(materialized='view') }}

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('days', 'int') }} as days,
    {{ typed('agents', 'int') }} as agents,
    {{ typed('sharpe', 'float') }} as sharpe,
    {{ typed('std_error', 'float') }} as std_error,
    {{ typed('low', 'float') }} as low,
    {{ typed('high', 'float') }} as high,
    {{ typed('skewness', 'float') }} as skewness,
    {{ typed('kurtosis', 'float') }} as kurtosis,
    {{ typed('probability_positive', 'float') }} as probability_positive,
    {{ typed('luck', 'float') }} as luck,
    {{ typed('probability_above_luck', 'float') }} as probability_above_luck,
    {{ typed('probability_below_luck', 'float') }} as probability_below_luck,
    {{ typed('days_needed', 'int', nullable=true) }} as days_needed,
    {{ typed('verdict', 'text') }} as verdict
from {{ source('after_marts', 'sharpe_ratios') }}
