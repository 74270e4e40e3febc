/* ---
title         = { zh = "党组织活动", en = "Party activities" }
indicators    = [31]
unit          = { zh = "次", en = "activities" }
measure       = "sum"
period        = "90d"
target        = 6
direction     = "up"
target_source = { zh = "建议值：每月两次", en = "proposal: two a month" }
freshness     = "45d"
sources       = ["party_activity"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天党组织开展的学习、服务、会议活动次数", en = "study, service and meeting activities of the party organisation in the last 90 days" }
[[example]]
name = "each activity counts once, however many came"
rows.party_activity = """
activity_no | day        | category | participants
DJ1         | 2026-11-01 | study    | 42
DJ2         | 2026-11-15 | service  | 18
DJ0         | 2026-06-15 | meeting  | 30
"""
expect = { value = 2, rows_used = 2 }
[[example]]
name = "three months without an entry are a gap in the list, not three idle months"
rows.party_activity = """
activity_no | day        | category | participants
DJ0         | 2026-06-15 | meeting  | 30
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, day, category, title, participants,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM party_activity
