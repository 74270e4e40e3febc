/* ---
title         = { zh = "创业服务场次", en = "Start-up services" }
indicators    = [13]
unit          = { zh = "次", en = "services" }
measure       = "sum"
period        = "90d"
target        = 12
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "60d"
sources       = ["startup_service"]
version       = 1
public        = true
words         = { zh = "近 90 天政策、融资、导师、活动等创业服务次数。没有人参加的不计。", en = "Start-up services (policy, finance, mentoring, events) of the last 90 days. Services nobody came to are left out." }

[[example]]
name = "a service nobody came to was none"
rows.startup_service = """
service_no | day        | firm_no | category | people
c1         | 2026-11-10 | q1      | policy   | 3
c2         | 2026-11-11 |         | event    | 26
c3         | 2026-11-12 |         | event    | 0
"""
expect = { value = 2, rows_used = 2, excluded = { nobody_came = 1 } }

[[example]]
name = "the last service is seventy days ago: the figure is old"
rows.startup_service = """
service_no | day        | firm_no | category | people
c1         | 2026-09-10 | q1      | policy   | 3
"""
expect = { status = "stale", value = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, category, people,
       1 AS numerator, NULL AS denominator,
       coalesce(flags[1], CASE WHEN people = 0 THEN 'nobody_came' END) AS excluded
FROM startup_service
