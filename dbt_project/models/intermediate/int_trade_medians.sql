{{ config(materialized='table', order_by=['exchange', 'origin_group', 'agent_id'], pre_hook="{{ join_by_hash() }}") }}

{{ medians_of(ref('int_trade_values'), ['holding_minutes', 'notional']) }}
