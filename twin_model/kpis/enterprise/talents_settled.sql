/* ---
title         = { zh = "新落户人才", en = "Talents settled" }
indicators    = [14]
unit          = { zh = "人", en = "people" }
measure       = "sum"
period        = "12m"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
digits        = 0
words         = { zh = "人工填报：近 12 个月各期新落户人才数之和（每期一份，截至日期不同即为不同的一期），附依据文件、日期和填报岗位。单位不符的填报不计。", en = "Reported by hand: talents who settled, summed over the reports of the last 12 months (one for each span, told by its closing day), each with its document, date and role. Reports in another unit are left out." }

[[example]]
name = "two half years add up; the same span reported again is a correction"
rows.reported_value = """
indicator | kpi             | as_of      | value | unit | document         | reported_by_role | reported_on | recorded_at
14        | talents_settled | 2026-03-31 | 8     | 人   | 落户备案台账     | 社区人才专员     | 2026-04-08  | 2026-04-08T10:00
14        | talents_settled | 2026-09-30 | 70    | 人   | 落户备案台账     | 社区人才专员     | 2026-10-08  | 2026-10-08T10:00
14        | talents_settled | 2026-09-30 | 7     | 人   | 落户备案台账更正 | 社区人才专员     | 2026-10-12  | 2026-10-12T10:00
"""
expect = { value = 15, rows_used = 2 }

[[example]]
name = "not reported is not zero"
rows.reported_value = """
indicator | kpi           | as_of      | value | unit | document          | reported_by_role | reported_on
1         | culture_marks | 2026-09-30 | 6     | 处   | 文化标识清单第2版 | 文化专干         | 2026-10-08
"""
expect = { status = "not_measurable", missing = ["reported_value"] }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, NULL AS denominator, coalesce(flags[1], CASE WHEN unit <> '人' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('talents_settled', '新落户人才')
