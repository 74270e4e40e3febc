/* ---
title         = { zh = "人才公寓出租率", en = "Talent homes let" }
indicators    = [14]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 90
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["talent_home"]
version       = 1
public        = true
words         = { zh = "最近一个月（90 天内）已租的人才公寓 ÷ 全部人才公寓。", en = "Talent homes let / all talent homes, newest month (within 90 days)." }

[[example]]
name = "the newest month counts"
rows.talent_home = """
month      | homes | let | applied
2026-09-01 | 48    | 48  | 6
2026-10-01 | 48    | 36  | 2
"""
expect = { value = 75, numerator = 36, denominator = 48, rows_used = 1 }

[[example]]
name = "no talent home is built yet: no case, not an empty house"
rows.talent_home = """
month      | homes | let | applied
2026-10-01 | 0     | 0   | 4
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at, applied,
       "let" AS numerator, homes AS denominator, flags[1] AS excluded
FROM talent_home QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
