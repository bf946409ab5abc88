{% macro sample_std(value) %}{{ return(adapter.dispatch('sample_std', 'candlehouse')(value)) }}{% endmacro %}

{% macro default__sample_std(value) %}stddev_samp(cast({{ value }} as double precision)){% endmacro %}

{% macro clickhouse__sample_std(value) %}stddevSampStable(toFloat64({{ value }})){% endmacro %}
