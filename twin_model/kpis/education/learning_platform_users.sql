/* ---
title         = { zh = "数字化学习平台使用人数", en = "Users of the digital learning platform" }
indicators    = [7]
unit          = { zh = "人", en = "people" }
measure       = "mean"
period        = "12m"
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
digits        = 0
words         = { zh = "人工填报：学习平台由上级统一建设，本社区使用人数取近 12 个月最近一次填报，附依据文件、日期和填报岗位。单位不符的填报不计。", en = "Reported by hand, as the platform belongs to a higher level: its users in this community; the newest report of the last 12 months counts, with its document, date and role. A report in another unit is left out." }

[[example]]
name = "the newest report counts, not the highest"
rows.reported_value = """
indicator | kpi                     | as_of      | value | unit | document           | reported_by_role | reported_on
7         | learning_platform_users | 2026-03-31 | 900   | 人   | 平台月报2026-03    | 社区教育专干     | 2026-04-02
7         | learning_platform_users | 2026-09-30 | 860   | 人   | 平台月报2026-09    | 社区教育专干     | 2026-10-08
"""
expect = { value = 860, rows_used = 1 }

[[example]]
name = "never reported: not measurable"
expect = { status = "not_measurable", missing = ["reported_value"] }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '人' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('learning_platform_users', '数字化学习平台使用人数')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
