/* ---
title         = { zh = "急修4小时完成率", en = "Urgent repairs done within 4 hours" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["repair"]
version       = 1
public        = true
words         = { zh = "近 90 天急修中 4 小时内修完的 ÷ 全部急修；今天报来还没修完的未到期，剔除", en = "urgent repairs reported in the last 90 days that were done within 4 hours ÷ all urgent ones; those of today not yet done are not due and left out" }
[[example]]
name = "only urgent ones; one of today is not due yet"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at
R1        | 2026-11-10T08:00 | e1     | water    | true      | 2026-11-10T12:00
R2        | 2026-11-11T08:00 | e1     | lift     | true      | 2026-11-11T13:00
R3        | 2026-11-22T11:00 | e1     | power    | true      |
R4        | 2026-11-12T08:00 | e1     | light    | false     | 2026-11-19T13:00
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "repairs, but none of them urgent: no case"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at
R4        | 2026-11-12T08:00 | e1     | light    | false     | 2026-11-12T13:00
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, reported_at, done_at, estate, category,
       coalesce(done_at <= reported_at + INTERVAL 4 HOUR, false) AS numerator, 1 AS denominator,
       CASE WHEN done_at IS NULL AND reported_at >= ends_at - INTERVAL 1 DAY THEN 'not_due_yet' END AS excluded
FROM repair JOIN period_bounds USING (period)
WHERE is_urgent
