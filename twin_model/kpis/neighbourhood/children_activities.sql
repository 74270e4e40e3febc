/* ---
title         = { zh = "儿童活动参加人次", en = "Attendances at children's events" }
indicators    = [1]
unit          = { zh = "人次", en = "attendances" }
measure       = "sum"
period        = "90d"
freshness     = "21d"
sources       = ["activity"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "近 90 天儿童类活动的参加人次，含陪同家长。人数存疑的活动不计。", en = "Attendances at events for children in the last 90 days, parents who came along included. Left out: events whose number is in doubt." }

[[example]]
name = "only events for children; a doubtful number is left out"
rows.activity = """
activity_no | day        | title      | category | participants | flags
a1          | 2026-11-20 | 小小科学家 | children | 24           |
a2          | 2026-11-14 | 亲子运动会 | children | 800          | over_capacity
a3          | 2026-11-21 | 一碗长寿面 | elder    | 60           |
"""
expect = { value = 24, rows_used = 1, excluded = { over_capacity = 1 } }

[[example]]
name = "events are recorded and none is for children: a true zero"
rows.activity = """
activity_no | day        | title      | category | participants
a3          | 2026-11-21 | 一碗长寿面 | elder    | 60
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, title,
       participants AS numerator, NULL AS denominator, flags[1] AS excluded
FROM activity WHERE category = 'children'
