/* ---
title         = { zh = "垃圾分类准确率", en = "Waste sorted right" }
indicators    = [27]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 90
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["waste_day"]
version       = 1
public        = true
words         = { zh = "近 30 天抽查分对的袋数 ÷ 抽查袋数；没有抽查的日子不影响", en = "bags found sorted right ÷ bags checked in the last 30 days; days without a check do not matter" }
[[example]]
name = "a day without a check neither helps nor harms"
rows.waste_day = """
day        | facility | kind     | kg  | bags_checked | bags_correct
2026-11-20 | f1       | kitchen  | 612 | 40           | 36
2026-11-20 | f1       | residual | 700 | 60           | 48
2026-11-21 | f1       | residual | 720 | 0            | 0
"""
expect = { value = 84, numerator = 84, denominator = 100 }
[[example]]
name = "no check at all is no case, not a bad mark"
rows.waste_day = """
day        | facility | kind     | kg  | bags_checked | bags_correct
2026-11-21 | f1       | residual | 720 | 0            | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, facility, kind,
       bags_correct AS numerator, bags_checked AS denominator, flags[1] AS excluded
FROM waste_day
