/* ---
title         = { zh = "议事议题解决率", en = "Council topics solved" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值：杭州兰锦社区阳光议事亭报 97.2%", en = "proposal: the council pavilion of Lanjin community, Hangzhou, reports 97.2 %" }
freshness     = "45d"
sources       = ["council_topic"]
version       = 1
public        = true
views         = ["party"]
headline      = true
words         = { zh = "近 12 个月提出的议题中已解决且经居民确认的 ÷ 这 12 个月提出的全部议题（自主办、协商办、联动办三级），还在办的也在分母里", en = "topics raised in the last 12 months that are solved and confirmed by residents ÷ all topics raised in those 12 months, of all three tiers (own, negotiated, joint); those still worked on are below the line too" }
[[example]]
name = "solved is not enough: the residents must have confirmed it"
rows.council_topic = """
topic_no | raised_on  | tier       | title    | participants | stage      | solved_on  | confirmed_on
T1       | 2026-03-01 | own        | 楼道堆物 | 12           | closed     | 2026-03-05 | 2026-03-08
T2       | 2026-06-01 | negotiated | 停车     | 24           | rated      | 2026-07-15 | 2026-07-20
T3       | 2026-09-01 | joint      | 加装电梯 | 30           | supervised | 2026-11-01 |
T4       | 2026-11-10 | own        | 路灯     | 8            | discussed  |            |
"""
expect = { value = 50, numerator = 2, denominator = 4 }
[[example]]
name = "a topic said to be closed and not solved stays below the line: leaving it out would flatter"
rows.council_topic = """
topic_no | raised_on  | tier | title    | participants | stage  | solved_on  | confirmed_on | flags
T1       | 2026-10-01 | own  | 楼道堆物 | 12           | closed | 2026-10-05 | 2026-10-08   |
T2       | 2026-10-11 | own  | 噪声     | 9            | closed |            |              | closed_unsolved
"""
expect = { value = 50, rows_used = 2 }
[[example]]
name = "a topic of two years ago is not in it"
rows.council_topic = """
topic_no | raised_on  | tier | title    | participants | stage     | solved_on  | confirmed_on
T0       | 2024-10-01 | own  | 旧题     | 12           | selected  |            |
T1       | 2026-11-01 | own  | 楼道堆物 | 12           | closed    | 2026-11-05 | 2026-11-08
"""
expect = { value = 100, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, raised_on, tier, title, stage, solved_on, confirmed_on,
       confirmed_on IS NOT NULL AS numerator, 1 AS denominator, NULL AS excluded
FROM council_topic
