/* ---
title         = { zh = "红色便民服务", en = "Services of the party organisation" }
indicators    = [31]
unit          = { zh = "次", en = "services" }
measure       = "sum"
period        = "90d"
target        = 3
direction     = "up"
target_source = { zh = "建议值：每月一次", en = "proposal: one a month" }
freshness     = "45d"
sources       = ["party_activity"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天党组织面向居民的便民服务次数；学习和会议不算", en = "services of the party organisation to residents in the last 90 days; study and meetings are not counted" }
[[example]]
name = "study is no service"
rows.party_activity = """
activity_no | day        | category | participants
DJ1         | 2026-11-01 | study    | 42
DJ2         | 2026-11-15 | service  | 18
"""
expect = { value = 1, rows_used = 1 }
[[example]]
name = "activities and no service among them: that is a zero"
rows.party_activity = """
activity_no | day        | category | participants
DJ1         | 2026-11-01 | study    | 42
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, day, title, participants,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM party_activity WHERE category = 'service'
