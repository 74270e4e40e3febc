/* ---
title         = { zh = "邻里活动场次", en = "Activities held" }
indicators    = [1]
unit          = { zh = "场", en = "events" }
measure       = "sum"
period        = "30d"
target        = 8
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "21d"
sources       = ["activity"]
version       = 1
public        = true
words         = { zh = "近 30 天办成的活动场数。没有人参加的一场不算办成。", en = "Events held in the last 30 days. One to which nobody came is not counted as held." }

[[example]]
name = "an event nobody came to was not held; a flag on the number of people does not matter here"
rows.activity = """
activity_no | day        | title  | category | participants | flags
a1          | 2026-11-20 | 邻里节 | culture  | 60           |
a2          | 2026-11-21 | 早市   | market   | 900          | over_capacity
a3          | 2026-11-21 | 讲座   | culture  | 0            |
"""
expect = { value = 2, excluded = { nobody_came = 1 } }

[[example]]
name = "an event of two months ago and none since: nobody keeps the records any more"
rows.activity = """
activity_no | day        | title  | category | participants
a1          | 2026-09-20 | 邻里节 | culture  | 60
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, title, category, participants,
       1 AS numerator, NULL AS denominator, CASE WHEN participants = 0 THEN 'nobody_came' END AS excluded
FROM activity
