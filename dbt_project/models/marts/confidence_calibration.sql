{%- set key = ['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version', 'chosen', 'binning', 'bin'] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    order_by=key,
    indexes=[{'columns': key, 'unique': true}] if target.type == 'postgres' else [],
    pre_hook="{{ forget_populations() }}",
) }}
-- depends_on: {{ ref('int_confidence_touched') }}

with confidences as {{ once_if(is_partial()) }}(

    {{ touched_confidences() }}

),

binned as (

    {% for binning in ('width', 'mass') -%}
    select
        exchange,
        origin_group,
        scope,
        agent_id,
        prompt_version,
        chosen,
        'equal {{ binning }}' as binning,
        {{ binning }}_bin as bin,
        min(confidence) as lowest,
        max(confidence) as highest,
        sum(judged) as decisions,
        sum(correct) as right_ones,
        sum(confidence * judged) as confidence_sum
    from confidences
    group by exchange, origin_group, scope, agent_id, prompt_version, chosen, {{ binning }}_bin
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

-- Every bin of a diagram is one more chance to be wrong.
counted as (

    select
        *,
        {{ safe_divide('confidence_sum', 'decisions') }} as stated,
        count(*) over (
            partition by agent_id, prompt_version, chosen, scope, binning, exchange, origin_group
        ) as bins
    from binned

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('scope', 'text') }} as scope,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('prompt_version', 'text') }} as prompt_version,
    {{ typed('chosen', 'text') }} as chosen,
    {{ typed('binning', 'text') }} as binning,
    {{ typed('bin', 'int') }} as bin,
    {{ typed('lowest', 'decimal') }} as lowest_confidence,
    {{ typed('highest', 'decimal') }} as highest_confidence,
    {{ typed('decisions', 'int') }} as decisions,
    {{ typed('right_ones', 'int') }} as correct,
    {{ typed('stated', 'float') }} as avg_confidence,
    {{ typed(safe_divide('right_ones', 'decisions'), 'float') }} as accuracy,
    {{ typed(wilson('right_ones', 'decisions', 'low'), 'float') }} as accuracy_low,
    {{ typed(wilson('right_ones', 'decisions', 'high'), 'float') }} as accuracy_high,
    {{ typed(
        "case when " ~ wilson_among('right_ones', 'decisions', 'bins', 'low') ~ " > stated then 'too modest' when "
        ~ wilson_among('right_ones', 'decisions', 'bins', 'high') ~ " < stated then 'too sure' else 'undecided' end", 'text'
    ) }} as verdict
from counted
