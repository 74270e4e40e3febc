/* ---
title         = { zh = "近30天解决的难事", en = "Hard matters solved in 30 days" }
indicators    = [31]
unit          = { zh = "件", en = "topics" }
measure       = "sum"
period        = "12m"
target        = 1
direction     = "up"
target_source = { zh = "建议值：永康“平安嘉园”每月解决 1–2 件难事", en = "proposal: the closed loop in Yongkang solves one or two hard matters a month" }
freshness     = "45d"
sources       = ["council_topic"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 12 个月提出的协商办、联动办议题中近 30 天解决的件数", en = "topics to be negotiated or handled jointly, raised in the last 12 months and solved in the last 30 days" }
[[example]]
name = "when it was solved counts, not when it was raised; small matters are not hard"
rows.council_topic = """
topic_no | raised_on  | tier       | title    | participants | stage      | solved_on
T1       | 2026-03-01 | joint      | 加装电梯 | 30           | rated      | 2026-11-05
T2       | 2026-06-01 | negotiated | 停车     | 24           | rated      | 2026-09-15
T3       | 2026-11-10 | own        | 路灯     | 8            | rated      | 2026-11-12
"""
expect = { value = 1, rows_used = 1 }
[[example]]
name = "asked of last month with what is known today, what was solved since is not last month's"
at   = "2026-10-20T12:00:00+08:00"
rows.council_topic = """
topic_no | raised_on  | tier  | title    | participants | stage | solved_on
T1       | 2026-10-01 | joint | 加装电梯 | 30           | rated | 2026-11-05
T2       | 2026-09-01 | joint | 雨污分流 | 30           | rated | 2026-10-05
"""
expect = { value = 1, rows_used = 1 }
[[example]]
name = "topics, and none of them solved of late: that is a zero"
rows.council_topic = """
topic_no | raised_on  | tier  | title    | participants | stage     | solved_on
T1       | 2026-11-01 | joint | 加装电梯 | 30           | discussed |
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, raised_on, tier, title, stage, solved_on,
       1 AS numerator, NULL AS denominator, NULL AS excluded
FROM council_topic JOIN period_bounds USING (period)
WHERE tier IN ('negotiated', 'joint') AND solved_on >= ends_on - 30 AND solved_on < ends_on
