/* ---
title         = { zh = "派人后 45 分钟内到场", en = "Somebody on site within 45 min" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 90
direction     = "up"
floor         = 50
target_source = { zh = "英国应急上门服务：90% 在 45 分钟内（转引自 mascot-telecare.org.uk，未核对原文）", en = "British responder services: 90 % within 45 min (as quoted at mascot-telecare.org.uk, original not checked)" }
freshness     = "1d"
sources       = ["incident", "device"]
requires      = ["device"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 90 天派了人的居家老人事件中，自发出起 45 分钟内到场的 ÷ 已可判定的全部。电话里就办结、没有派人的不在其中；发出不足 45 分钟又未到场的还不能判断，不计；演练不计。", en = "Incidents at elders' homes in the last 90 days to which somebody was sent, with somebody on site within 45 min of being raised / all that can be judged. Incidents settled without sending anybody are not among them. Left out: those raised less than 45 min ago without anybody there yet. Drills do not count." }

[[example]]
name = "an incident settled by telephone needs nobody on site"
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
"""
rows.incident = """
incident_id | home_id | raised_at        | acknowledged_at  | dispatched_at    | on_site_at       | closed_at        | outcome
i1          | h1      | 2026-11-20T08:00 | 2026-11-20T08:01 | 2026-11-20T08:05 | 2026-11-20T08:45 | 2026-11-20T09:00 | true
i2          | h1      | 2026-11-20T09:00 | 2026-11-20T09:01 |                  |                  | 2026-11-20T09:10 | false
i3          | h2      | 2026-11-21T09:00 | 2026-11-21T09:01 | 2026-11-21T09:05 |                  |                  |
"""
expect = { value = 50, numerator = 1, denominator = 2, rows_used = 2 }

[[example]]
name = "twenty minutes ago and still on the way: not decided"
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
"""
rows.incident = """
incident_id | home_id | raised_at        | acknowledged_at  | dispatched_at
i3          | h2      | 2026-11-22T11:40 | 2026-11-22T11:41 | 2026-11-22T11:45
"""
expect = { status = "not_measurable", excluded = { not_due_yet = 1 } }
--- */
SELECT community_id, period, incident_id AS row_id, raised_at AS happened_at, dispatched_at, on_site_at, outcome,
       coalesce(on_site_at <= raised_at + INTERVAL 45 MINUTE, false) AS numerator, 1 AS denominator,
       CASE WHEN on_site_at IS NULL AND raised_at + INTERVAL 45 MINUTE >= $at THEN 'not_due_yet' END AS excluded
FROM incident WHERE procedure = 'elder_incident' AND (dispatched_at IS NOT NULL OR on_site_at IS NOT NULL)
