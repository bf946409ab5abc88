{%- set choices = {'all': '1 = 1', 'traded': 'is_traded', 'skipped': 'not is_traded'} -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version', 'chosen', 'confidence'],
    pre_hook="{{ forget_populations() }}",
) }}
-- depends_on: {{ ref('int_confidence_touched') }}

-- How often a confidence was right, in every population that the boards tell apart. Decisions whose outcome is known.
with populations as (

    {% for scope, version in {'agent': "'all'", 'version': 'versions.prompt_version'}.items() -%}
    {% set last_scope = loop.last -%}
    {% for choice, condition in choices.items() -%}
    select
        versions.exchange as exchange,
        versions.origin_group as origin_group,
        '{{ scope }}' as scope,
        versions.agent_id as agent_id,
        {{ version }} as version,
        '{{ choice }}' as chosen,
        versions.confidence as confidence,
        versions.judged as judged,
        versions.correct as correct
    from {{ ref('int_confidence_versions') }} as versions
    {% if is_partial() -%}
    inner join {{ ref('int_confidence_touched') }} as touched
        on
            versions.agent_id = touched.agent_id
            and {{ version }} = touched.prompt_version
            and versions.exchange = touched.exchange
            and versions.origin_group = touched.origin_group
            and touched.scope = '{{ scope }}'
    {% endif -%}
    where {{ condition }}
    {% if not (loop.last and last_scope) -%}
    union all
    {% endif -%}
    {% endfor -%}
    {% endfor %}
),

counted as (

    select
        exchange,
        origin_group,
        scope,
        agent_id,
        version,
        chosen,
        confidence,
        {{ typed('sum(judged)', 'int') }} as judged,
        {{ typed('sum(correct)', 'int') }} as correct
    from populations
    group by exchange, origin_group, scope, agent_id, version, chosen, confidence

),

ordered as (

    select
        *,
        {{ typed('sum(judged) over (partition by agent_id, version, chosen, scope, exchange, origin_group)', 'int') }} as total,
        {{ typed(
            'sum(judged) over (partition by agent_id, version, chosen, scope, exchange, origin_group'
            ' order by confidence rows between unbounded preceding and current row)', 'int'
        ) }} as reached
    from counted

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('scope', 'text') }} as scope,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('version', 'text') }} as prompt_version,
    {{ typed('chosen', 'text') }} as chosen,
    {{ typed('confidence', 'decimal') }} as confidence,
    {{ typed('judged', 'int') }} as judged,
    {{ typed('correct', 'int') }} as correct,
    {{ typed('case when confidence >= 1 then 10 else floor(confidence * 10) + 1 end', 'int') }} as width_bin,
    -- A confidence goes where the middle of its decisions lies in the order of all: equal ones stay together.
    {{ typed('floor(' ~ safe_divide('5 * (2 * reached - judged)', 'total') ~ ') + 1', 'int') }} as mass_bin
from ordered
