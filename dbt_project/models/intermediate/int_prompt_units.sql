-- One row per decision, whether traded or not, and per trade that belongs to no known decision.
with {{ prompt_units(ref('int_decisions'), ref('trade_facts')) }}

select *
from units
