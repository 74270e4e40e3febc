/* ---
title         = { zh = "活动回头率", en = "Repeat attendance" }
indicators    = [1]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 50
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "21d"
sources       = ["activity"]
version       = 1
public        = true
words         = { zh = "近 90 天活动中近一年参加过活动的老面孔 ÷ 参加人次。没有点老面孔的活动不计，人数存疑的不计。", en = "People who had come to an event in the year before / attendances, events of the last 90 days. Left out: events at which returning people were not counted, and doubtful numbers." }

[[example]]
name = "where returning people were not counted the event is left out, not taken as none"
rows.activity = """
activity_no | day        | title  | category | participants | returning
a1          | 2026-11-20 | 邻里节 | culture  | 60           | 45
a2          | 2026-11-21 | 早市   | market   | 300          |
"""
expect = { value = 75, numerator = 45, denominator = 60, excluded = { not_counted = 1 } }

[[example]]
name = "only uncounted events: nothing can be said"
rows.activity = """
activity_no | day        | title | category | participants | returning
a1          | 2026-11-21 | 早市  | market   | 300          |
"""
expect = { status = "not_measurable", excluded = { not_counted = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, title,
       "returning" AS numerator, participants AS denominator,
       coalesce(flags[1], CASE WHEN "returning" IS NULL THEN 'not_counted' END) AS excluded
FROM activity
