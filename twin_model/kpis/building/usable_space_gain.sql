/* ---
title         = { zh = "公共空间可用面积增幅", en = "Gain of usable public space" }
indicators    = [16]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 60
direction     = "up"
target_source = { zh = "建议值：杭州华兴社区的做法为空间利用 +60%", en = "proposal: Huaxing community in Hangzhou reports +60 % use of space" }
freshness     = "800d"
sources       = ["space"]
version       = 1
public        = true
words         = { zh = "名册上在用空间（闲置的除外）：（现可用面积 − 改造前可用面积）÷ 改造前可用面积；改造前面积未登记的剔除，新辟的空间改造前为 0", en = "spaces in use on the register (idle ones are not): (usable area now − before) ÷ usable area before; spaces whose area before is not registered are left out, new ones had 0 before" }
[[example]]
name = "new space adds to what was there; unknown before is left out, not taken for nothing"
rows.space = """
space_no | title        | area_m2 | kind      | usable_since | area_before
K1       | 邻里中心     | 500     | public    | 2025-06-01   | 400
K2       | 老车棚改客厅 | 140     | converted | 2025-06-01   | 0
K3       | 旧书屋       | 120     | converted | 2025-06-01   |
K4       | 三号仓库     | 40      | idle      | 2024-01-01   | 40
"""
expect = { value = 60, numerator = 240, denominator = 400, excluded = { no_area_before = 1 } }
[[example]]
name = "where nothing was there before there is nothing to compare with"
rows.space = """
space_no | title        | area_m2 | kind      | usable_since | area_before | recorded_at
K2       | 老车棚改客厅 | 140     | converted | 2025-06-01   | 0           | 2026-10-01
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, title, kind, area_before, area_m2,
       area_m2 - area_before AS numerator, area_before AS denominator,
       coalesce(flags[1], CASE WHEN area_before IS NULL THEN 'no_area_before' END) AS excluded
FROM space WHERE kind NOT IN ('idle', 'talent_home')
