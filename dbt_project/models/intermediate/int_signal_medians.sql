{{ config(materialized='table', order_by=['exchange', 'origin_group', 'agent_id'], pre_hook="{{ join_by_hash() }}") }}

{{ medians_of(ref('int_signal_values'), ['confidence', 'leverage', 'convo_leverage']) }}
