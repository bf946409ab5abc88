-- What our macros answer, on either engine. A row here is a row where an engine answers something else.
with answers as (

    select '01 1/3 of decimals keeps its digits' as question,
        {{ typed('abs(' ~ safe_divide(typed('1.00', 'decimal'), '3') ~ ' - 0.3333333333333333) < 1e-15', 'bool', true) }} as ok
    union all
    select '02 integers divide to a fraction', {{ typed(safe_divide('7', '2') ~ ' = 3.5', 'bool', true) }}
    union all
    select '03 nothing divided by zero', {{ typed(safe_divide('7', '0') ~ ' is null', 'bool', true) }}
    union all
    select '04 nothing divided by nothing', {{ typed(safe_divide('7', typed('null', 'int', true)) ~ ' is null', 'bool', true) }}
    union all
    select '05 a product keeps 36 decimals',
        {{ typed(exact_product(typed("'0.000000000000000001'", 'decimal'), typed("'0.000000000000000001'", 'decimal')) ~ ' > 0', 'bool', true) }}
    union all
    select '06 microseconds survive the cast',
        {{ typed(microseconds_between(
            typed("'2025-10-26 00:00:00.000001'", 'timestamp'), typed("'2025-10-26 01:00:00.000004'", 'timestamp')
        ) ~ ' = 3600000003', 'bool', true) }}
    union all
    select '07 before 1970 and in 2299',
        {{ typed(microseconds_between(
            typed("'1969-12-31 23:59:59'", 'timestamp'), typed("'2299-12-31 23:59:59'", 'timestamp')
        ) ~ ' = 10413792000000000', 'bool', true) }}
    union all
    select '08 no trade, no interval', {{ typed('(' ~ wilson('0', '0', 'low') ~ ') is null', 'bool', true) }}
    union all
    select '09 no win starts at zero', {{ typed('(' ~ wilson('0', '5', 'low') ~ ') = 0', 'bool', true) }}
    union all
    select '10 all wins end at one', {{ typed('(' ~ wilson('5', '5', 'high') ~ ') = 1', 'bool', true) }}
    union all
    select '11 3 of 10, low end (R: prop.test without correction)',
        {{ typed('abs((' ~ wilson('3', '10', 'low') ~ ') - 0.10779126740630096) < 1e-12', 'bool', true) }}
    union all
    select '12 3 of 10, high end',
        {{ typed('abs((' ~ wilson('3', '10', 'high') ~ ') - 0.6032218525388546) < 1e-12', 'bool', true) }}
    union all
    select '13 a sum over nothing is NULL',
        {{ typed('(select sum(quantity) from ' ~ ref('stg_trades') ~ ' where 1 = 0) is null', 'bool', true) }}
    union all
    select '14 repaired is real', {{ typed(origin_group("'repaired'") ~ " = 'real'", 'bool', true) }}
    union all
    select '15 an unknown origin is not', {{ typed(origin_group("'dreamt'") ~ " = 'made up'", 'bool', true) }}
    union all
    select '16 decimals keep 18 places',
        {{ typed(typed("'0.000000000000000001'", 'decimal') ~ ' > 0', 'bool', true) }}

    union all
    select '17 a product of sums', {{ typed(
        exact_product(typed("'2'", 'decimal'), typed("'110'", 'decimal') ~ ' - ' ~ typed("'100'", 'decimal')) ~ ' = 20', 'bool', true
    ) }}
    union all
    select '18 wide decimals turn to the nearest double',
        {{ typed(divide_wide(typed("'20'", 'product'), typed("'1000'", 'product')) ~ ' = 0.02', 'bool', true) }}
    union all
    select '19 a day is a day of UTC', {{ typed(
        day_of(typed("'2025-10-26 23:59:59.999999'", 'timestamp')) ~ ' = ' ~ typed("'2025-10-26'", 'date'), 'bool', true
    ) }}
    union all
    select '20 also before 1970', {{ typed(
        day_before(day_of(typed("'1969-12-31 00:00:00'", 'timestamp'))) ~ ' = ' ~ typed("'1969-12-30'", 'date'), 'bool', true
    ) }}
    union all
    select '21 days from first to last', {{ typed(
        '(select count(*) from (select ' ~ each_day(typed("'2024-02-28'", 'date'), typed("'2024-03-01'", 'date'))
        ~ ' as day) as days) = 3', 'bool', true
    ) }}
    union all
    select '22 no days backwards', {{ typed(
        '(select count(*) from (select ' ~ each_day(typed("'2024-02-28'", 'date'), typed("'2024-02-27'", 'date'))
        ~ ' as day) as days) = 0', 'bool', true
    ) }}
    union all
    select '23 growth near nothing keeps its digits',
        {{ typed('abs((' ~ log1p('1e-9') ~ ') / 9.999999995e-10 - 1) < 1e-12', 'bool', true) }}
    union all
    select '24 and back', {{ typed('abs((' ~ expm1('1e-9') ~ ') / 1.0000000005e-9 - 1) < 1e-12', 'bool', true) }}
    union all
    select '25 growth without end is not known', {{ typed('(' ~ expm1('800') ~ ') is null', 'bool', true) }}
    union all
    select '26 a loss without end is all', {{ typed('(' ~ expm1('-800') ~ ') = -1', 'bool', true) }}
    union all
    select '27 a ratio is cut, not rounded',
        {{ typed(exact_ratio(typed("'-2'", 'decimal'), typed("'3'", 'product')) ~ ' = ' ~ typed("'-0.666666666666'", 'decimal'), 'bool', true) }}
    union all
    select '28 and not known over nothing', {{ typed('(' ~ exact_ratio(typed("'1'", 'decimal'), typed("'0'", 'product')) ~ ') is null', 'bool', true) }}
    union all
    select '29 a ratio of the largest amounts fits', {{ typed(
        exact_ratio(typed("'10000000000000000000'", 'decimal'), typed("'0.000000000000000001'", 'product')) ~ ' > 1', 'bool', true
    ) }}
    union all
    select '30 a week later, over the end of February', {{ typed(
        days_later(typed("'2024-02-27'", 'date'), 7) ~ ' = ' ~ typed("'2024-03-05'", 'date'), 'bool', true
    ) }}
    union all
    select '31 the month of a day before 1970', {{ typed(
        month_of(typed("'1969-12-31'", 'date')) ~ ' = ' ~ typed("'1969-12-01'", 'date'), 'bool', true
    ) }}
    union all
    select '32 the month after December', {{ typed(
        month_after(typed("'2024-12-01'", 'date')) ~ ' = ' ~ typed("'2025-01-01'", 'date'), 'bool', true
    ) }}
    union all
    select '33 months from the last day of one to the first of another', {{ typed(
        '(select count(*) from (select ' ~ each_month(typed("'2023-12-31'", 'date'), typed("'2024-02-01'", 'date'))
        ~ ' as month) as months) = 3', 'bool', true
    ) }}
    union all
    select '34 a day begins at midnight UTC', {{ typed(
        start_of(typed("'2024-02-29'", 'date')) ~ ' = ' ~ moment('2024-02-29 00:00:00'), 'bool', true
    ) }}
    union all
    select '36 the quantile over many comparisons',
        {{ typed('abs(' ~ normal_quantile_among('20') ~ ' - 3.0233414397390976) < 4.5e-4', 'bool', true) }}
    union all
    select '35 squares about the mean',
        {{ typed('(select abs(' ~ squares_about_mean('n') ~ ' - 8) < 1e-12 from (select 1 as n union all select 5) as two)', 'bool', true) }}
)

select question
from answers
where not coalesce(ok, false)
