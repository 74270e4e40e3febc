/* ---
title         = { zh = "公交班次兑现率", en = "Bus trips run" }
indicators    = [20]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 98
direction     = "up"
floor         = 80
target_source = { zh = "建议值", en = "proposal" }
freshness     = "5d"
sources       = ["bus_day"]
version       = 1
public        = true
words         = { zh = "近 30 天实开班次 ÷ 计划班次，含地铁接驳；某线某天加开的班次不抵别处停开的班次；实开远多于计划而被标记的剔除", en = "trips run ÷ trips planned in the last 30 days, shuttles included; extra trips of one line and day do not make up for trips dropped elsewhere; rows flagged as far over plan are left out" }
[[example]]
name = "an extra trip does not make up for a dropped one"
rows.bus_day = """
day        | line | trips_planned | trips_run | passengers
2026-11-20 | 12路 | 80            | 76        | 400
2026-11-21 | 12路 | 80            | 84        | 420
2026-11-21 | 接驳 | 40            | 400       | 80
"""
expect = { value = 97.5, numerator = 156, denominator = 160, excluded = { more_than_planned = 1 } }
[[example]]
name = "no trips planned, none missed: no case"
rows.bus_day = """
day        | line | trips_planned | trips_run | passengers
2026-11-21 | 接驳 | 0             | 0         | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, line, trips_run,
       least(trips_run, trips_planned) AS numerator, trips_planned AS denominator, flags[1] AS excluded
FROM bus_day
