{%- set key = ['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version', 'chosen'] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    order_by=key,
    indexes=[{'columns': key, 'unique': true}] if target.type == 'postgres' else [],
    pre_hook=["{{ join_by_hash() }}", "{{ forget_populations() }}"],
) }}
-- depends_on: {{ ref('int_confidence_touched') }}

with confidences as {{ once_if(is_partial()) }}(

    {{ touched_confidences() }}

),

losses as (

    select
        *,
        {{ exact_product('confidence', 'confidence') }} as square,
        {{ exact_product('1 - confidence', '1 - confidence') }} as square_off,
        -- As scikit-learn does: a certainty that turns out wrong costs 36, not everything.
        -ln(greatest({{ typed('confidence', 'float') }}, 2.220446049250313e-16)) as loss_right,
        -ln(greatest({{ typed('1 - confidence', 'float') }}, 2.220446049250313e-16)) as loss_wrong
    from confidences

),

scored as (

    select
        exchange,
        origin_group,
        scope,
        agent_id,
        prompt_version,
        chosen,
        sum(judged) as decisions,
        sum(correct) as right_ones,
        sum(confidence * judged) as confidence_sum,
        sum(square_off * correct + square * (judged - correct)) as squares,
        sum(case when correct > 0 then loss_right * correct else 0 end
            + case when judged > correct then loss_wrong * (judged - correct) else 0 end) as loss
    from losses
    group by exchange, origin_group, scope, agent_id, prompt_version, chosen

),

-- Murphy's terms per bin, each divided once: rate less base rate is (correct * N - all correct * n) / (n * N).
bins as (

    select
        bins.exchange as exchange,
        bins.origin_group as origin_group,
        bins.scope as scope,
        bins.agent_id as agent_id,
        bins.prompt_version as prompt_version,
        bins.chosen as chosen,
        bins.binning as binning,
        bins.decisions as n,
        {{ safe_divide('bins.correct * scored.decisions - scored.right_ones * bins.decisions',
            'bins.decisions * scored.decisions') }} as lift
    from {{ ref('confidence_calibration') }} as bins
    inner join scored
        on
            bins.exchange = scored.exchange
            and bins.origin_group = scored.origin_group
            and bins.scope = scored.scope
            and bins.agent_id = scored.agent_id
            and bins.prompt_version = scored.prompt_version
            and bins.chosen = scored.chosen

),

gaps as (

    {% for binning in ('width', 'mass') -%}
    select
        exchange,
        origin_group,
        scope,
        agent_id,
        prompt_version,
        chosen,
        'equal {{ binning }}' as binning,
        sum(judged) as n,
        {{ safe_divide('sum(confidence * judged) - sum(correct)', 'sum(judged)') }} as gap
    from confidences
    group by exchange, origin_group, scope, agent_id, prompt_version, chosen, {{ binning }}_bin
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

resolved as (

    select
        exchange,
        origin_group,
        scope,
        agent_id,
        prompt_version,
        chosen,
        sum(case when binning = 'equal width' then n * lift * lift end) as resolution
    from bins
    group by exchange, origin_group, scope, agent_id, prompt_version, chosen

),

relied as (

    select
        exchange,
        origin_group,
        scope,
        agent_id,
        prompt_version,
        chosen,
        sum(case when binning = 'equal width' then n * gap * gap end) as reliability,
        sum(case when binning = 'equal width' then n * abs(gap) end) as width_error,
        sum(case when binning = 'equal mass' then n * abs(gap) end) as mass_error
    from gaps
    group by exchange, origin_group, scope, agent_id, prompt_version, chosen

)

select
    {{ typed('scored.exchange', 'text') }} as exchange,
    {{ typed('scored.origin_group', 'text') }} as origin_group,
    {{ typed('scored.scope', 'text') }} as scope,
    {{ typed('scored.agent_id', 'text') }} as agent_id,
    {{ typed('scored.prompt_version', 'text') }} as prompt_version,
    {{ typed('scored.chosen', 'text') }} as chosen,
    {{ typed('scored.decisions', 'int') }} as decisions,
    {{ typed('scored.right_ones', 'int') }} as correct,
    {{ typed(safe_divide('scored.confidence_sum', 'scored.decisions'), 'float') }} as avg_confidence,
    {{ typed(safe_divide('scored.right_ones', 'scored.decisions'), 'float') }} as accuracy,
    {{ typed(divide_wide('scored.squares', typed('scored.decisions', 'product')), 'float') }} as brier,
    {{ typed(safe_divide('relied.reliability', 'scored.decisions'), 'float') }} as reliability,
    {{ typed(safe_divide('resolved.resolution', 'scored.decisions'), 'float') }} as resolution,
    {{ typed(safe_divide('scored.right_ones * (scored.decisions - scored.right_ones)',
        'scored.decisions * scored.decisions'), 'float') }} as uncertainty,
    {{ typed(safe_divide('relied.width_error', 'scored.decisions'), 'float') }} as ece_equal_width,
    {{ typed(safe_divide('relied.mass_error', 'scored.decisions'), 'float') }} as ece_equal_mass,
    {{ typed(safe_divide('scored.loss', 'scored.decisions'), 'float') }} as log_loss
from scored
inner join relied
    on
        scored.exchange = relied.exchange
        and scored.origin_group = relied.origin_group
        and scored.scope = relied.scope
        and scored.agent_id = relied.agent_id
        and scored.prompt_version = relied.prompt_version
        and scored.chosen = relied.chosen
inner join resolved
    on
        scored.exchange = resolved.exchange
        and scored.origin_group = resolved.origin_group
        and scored.scope = resolved.scope
        and scored.agent_id = resolved.agent_id
        and scored.prompt_version = resolved.prompt_version
        and scored.chosen = resolved.chosen
