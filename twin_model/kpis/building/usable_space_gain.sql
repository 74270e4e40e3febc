/* ---
title         = { zh = "盘活前后可用面积增幅", en = "Gain of usable space by conversion" }
indicators    = [16]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 60
direction     = "up"
target_source = { zh = "建议值：杭州华兴社区的做法为空间利用 +60%", en = "proposal: Huaxing community in Hangzhou reports +60 % use of space" }
freshness     = "400d"
sources       = ["space"]
version       = 1
public        = true
words         = { zh = "（盘活后可用面积 − 盘活前可用面积）÷ 盘活前可用面积；盘活前面积未登记的剔除", en = "(usable area after − before) ÷ usable area before; spaces whose area before is not registered are left out" }
[[example]]
name = "what was usable before is the base; unknown before is left out, not taken for nothing"
rows.space = """
space_no | title        | area_m2 | kind      | usable_since | area_before
K1       | 旅游集散中心 | 640     | converted | 2025-06-01   | 400
K2       | 老车棚改客厅 | 120     | converted | 2025-06-01   |
"""
expect = { value = 60, numerator = 240, denominator = 400, excluded = { no_area_before = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, title, area_before, area_m2,
       area_m2 - area_before AS numerator, area_before AS denominator,
       coalesce(flags[1], CASE WHEN area_before IS NULL THEN 'no_area_before' END) AS excluded
FROM space WHERE kind = 'converted'
