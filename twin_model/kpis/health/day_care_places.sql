/* ---
title         = { zh = "日间照料床位", en = "Day-care places for elders" }
indicators    = [11]
unit          = { zh = "床/百名老人", en = "places per 100 elders" }
measure       = "rate"
per           = 100
period        = "12m"
target        = 3
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value", "home"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "人工填报的日间照料床位数（近 12 个月最近一次，附依据文件、日期和填报岗位）÷ 登记的 60 岁及以上居民数 × 100。单位不符的填报、未登记老人数的住户不计。", en = "Day-care places as reported by hand (newest report of the last 12 months, with its document, date and role) / registered residents of 60 and over × 100. Left out: a report in another unit, homes whose elders are not registered." }

[[example]]
name = "reported places over registered elders"
rows.reported_value = """
indicator | kpi             | as_of      | value | unit | document           | reported_by_role | reported_on
11        | day_care_places | 2026-06-30 | 1     | 床   | 养老机构备案回执   | 民政专干         | 2026-07-03
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 15        | 5
h2      |          |           |           |
"""
expect = { value = 5, numerator = 1, denominator = 20, excluded = { not_registered = 1 } }

[[example]]
name = "elders are known and no places were ever reported: unknown, not none"
rows.reported_value = """
indicator | kpi                | as_of      | value | unit | document     | reported_by_role | reported_on
10        | hospital_alliances | 2026-06-30 | 3     | 家   | 合作协议三份 | 卫生服务站站长   | 2026-07-03
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 15        | 5
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, NULL AS denominator, coalesce(flags[1], CASE WHEN unit <> '床' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('day_care_places', '日间照料床位')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator, age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
