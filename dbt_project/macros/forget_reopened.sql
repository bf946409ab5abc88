{% macro forget_reopened() %}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where trade_id in (
        select trade_id
        from {{ ref('stg_trade_changes') }}
        where not is_closed and {{ changed_since('updated_at') }}
    )
    {%- endif -%}
{% endmacro %}
