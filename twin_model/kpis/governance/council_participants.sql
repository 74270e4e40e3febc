/* ---
title         = { zh = "每次议事参加人数", en = "People per council topic" }
indicators    = [32]
unit          = { zh = "人/题", en = "people per topic" }
measure       = "mean"
digits        = 1
period        = "12m"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["council_topic"]
version       = 1
public        = true
words         = { zh = "近 12 个月已议过的议题参加人数的平均；刚选题、还没有议的不算", en = "mean of people taking part in the topics raised in the last 12 months; those selected and not yet discussed are not counted" }
[[example]]
name = "a topic not yet discussed is no empty meeting"
rows.council_topic = """
topic_no | raised_on  | tier       | title    | participants | stage
T1       | 2026-10-01 | own        | 楼道堆物 | 12           | closed
T2       | 2026-10-11 | negotiated | 停车     | 28           | discussed
T3       | 2026-11-20 | joint      | 加装电梯 | 0            | selected
"""
expect = { value = 20, rows_used = 2 }
[[example]]
name = "topics only just selected: no meeting to count"
rows.council_topic = """
topic_no | raised_on  | tier  | title    | participants | stage
T3       | 2026-11-20 | joint | 加装电梯 | 0            | selected
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, raised_on, tier, title, stage,
       participants AS numerator, 1 AS denominator, NULL AS excluded
FROM council_topic WHERE stage <> 'selected'
