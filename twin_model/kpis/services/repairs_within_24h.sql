/* ---
title         = { zh = "报修24小时办结率", en = "Repairs done within 24 hours" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 90
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["repair"]
version       = 1
public        = true
headline      = true
words         = { zh = "近 30 天报修中 24 小时内修完且经居民确认的 ÷ 全部报修；昨天、今天报来还没确认的未到期，剔除", en = "repairs reported in the last 30 days that were done within 24 hours and confirmed by the resident ÷ all reported; those of yesterday and today not yet confirmed are not due and left out" }
[[example]]
name = "done in time counts only when the resident confirmed it"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at          | confirmed_at
R1        | 2026-11-10T08:40 | e1     | water    | false     | 2026-11-10T15:10 | 2026-11-10T19:00
R2        | 2026-11-11T08:40 | e1     | door     | false     | 2026-11-11T15:10 |
R3        | 2026-11-12T08:40 | e1     | lift     | true      | 2026-11-13T09:00 | 2026-11-13T19:00
R4        | 2026-11-18T08:40 | e1     | light    | false     | 2026-11-19T08:40 | 2026-11-20T19:00
"""
expect = { value = 50, numerator = 2, denominator = 4 }
[[example]]
name = "what was reported yesterday and is still open is not late yet"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at          | confirmed_at
R1        | 2026-11-21T18:00 | e1     | water    | false     |                  |
R2        | 2026-11-20T18:00 | e1     | water    | false     |                  |
R3        | 2026-11-21T09:00 | e1     | door     | false     | 2026-11-21T11:00 | 2026-11-21T12:00
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "no repair on record for long means that nobody keeps them, not that nothing broke"
expect = { status = "not_measurable", missing = ["repair"] }
--- */
SELECT community_id, period, record_id AS row_id, reported_at, done_at, confirmed_at, estate, category,
       coalesce(done_at <= reported_at + INTERVAL 24 HOUR AND confirmed_at IS NOT NULL, false) AS numerator, 1 AS denominator,
       CASE WHEN confirmed_at IS NULL AND reported_at >= ends_at - INTERVAL 2 DAY THEN 'not_due_yet' END AS excluded
FROM repair JOIN period_bounds USING (period)
