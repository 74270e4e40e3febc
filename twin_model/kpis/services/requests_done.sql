/* ---
title         = { zh = "服务需求3天办结率", en = "Service requests done within 3 days" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 90
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["service_request"]
version       = 1
public        = true
words         = { zh = "近 30 天家政、养老、托育、维修、法律等需求中 3 天内办结的 ÷ 全部需求；不足 3 天且未办结的未到期，剔除", en = "requests of the last 30 days (housekeeping, elders, children, repairs, law and others) done within 3 days ÷ all requests; those younger than 3 days and open are not due and left out" }
[[example]]
name = "late is late even when done; a young one is not due yet"
rows.service_request = """
request_no | raised_at        | category     | done_at
X1         | 2026-11-10T10:00 | housekeeping | 2026-11-11T16:00
X2         | 2026-11-10T10:00 | legal        | 2026-11-16T16:00
X3         | 2026-11-21T10:00 | repair       |
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "done on the last minute of the third day is in time"
rows.service_request = """
request_no | raised_at        | category | done_at
X1         | 2026-11-10T10:00 | elder    | 2026-11-13T10:00
X2         | 2026-11-10T10:00 | elder    | 2026-11-13T10:01
"""
expect = { value = 50, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, raised_at, done_at, category,
       coalesce(done_at <= raised_at + INTERVAL 3 DAY, false) AS numerator, 1 AS denominator,
       CASE WHEN done_at IS NULL AND raised_at >= ends_at - INTERVAL 4 DAY THEN 'not_due_yet' END AS excluded
FROM service_request JOIN period_bounds USING (period)
