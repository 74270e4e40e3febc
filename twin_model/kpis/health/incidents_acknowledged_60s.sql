/* ---
title         = { zh = "告警 60 秒内确认", en = "Alarms acknowledged within 60 s" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 97.5
direction     = "up"
floor         = 60
target_source = { zh = "TSA / TEC Quality：97.5% 在 60 秒内（转引自 tdcdemocracy.tendringdc.gov.uk，未核对原文）", en = "TSA / TEC Quality: 97.5 % within 60 s (as quoted at tdcdemocracy.tendringdc.gov.uk, original not checked)" }
freshness     = "1d"
sources       = ["incident", "device"]
requires      = ["device"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 90 天居家老人事件中 60 秒内确认的 ÷ 已可判定的全部。发出不足 60 秒又未确认的还不能判断，不计；演练不计。", en = "Incidents at elders' homes in the last 90 days acknowledged within 60 s / all that can be judged. Left out: those raised less than 60 s ago and not yet acknowledged. Drills do not count." }

[[example]]
name = "sixty seconds is in time, sixty-one is not, and twenty seconds ago is not decided yet"
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
"""
rows.incident = """
incident_id | home_id | raised_at           | acknowledged_at
i1          | h1      | 2026-11-20T08:00:00 | 2026-11-20T08:01:00
i2          | h1      | 2026-11-20T09:00:00 | 2026-11-20T09:01:01
i3          | h2      | 2026-11-22T11:59:40 |
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_due_yet = 1 } }

[[example]]
name = "never acknowledged counts against it"
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
"""
rows.incident = """
incident_id | home_id | raised_at           | acknowledged_at
i1          | h1      | 2026-11-20T08:00:00 |
"""
expect = { value = 0, denominator = 1 }
--- */
SELECT community_id, period, incident_id AS row_id, raised_at AS happened_at, acknowledged_at, outcome,
       coalesce(acknowledged_at <= raised_at + INTERVAL 60 SECOND, false) AS numerator, 1 AS denominator,
       CASE WHEN acknowledged_at IS NULL AND raised_at + INTERVAL 60 SECOND >= $at THEN 'not_due_yet' END AS excluded
FROM incident WHERE procedure = 'elder_incident'
