/* ---
title         = { zh = "幼小学位使用率", en = "School places taken" }
indicators    = [5]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 95
direction     = "down"
floor         = 115
target_source = { zh = "建议值", en = "proposal" }
freshness     = "220d"
sources       = ["school_place"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "幼儿园、小学最近一次检查（12 个月内）的在校人数 ÷ 学位数。超员的学校留在其中：要看的正是超员。", en = "Pupils / places, each kindergarten and primary school at its newest check (within 12 months). Schools with more pupils than places stay in: that is what is looked for." }

[[example]]
name = "an overfull school is counted as it is, above 100 %"
rows.school_place = """
checked_on | facility | stage        | places | taken | classes | flags
2026-03-01 | f1       | primary      | 100    | 90    | 3       |
2026-09-01 | f1       | primary      | 100    | 110   | 3       | over_capacity
2026-09-01 | f2       | kindergarten | 100    | 98    | 4       |
"""
expect = { value = 104, numerator = 208, denominator = 200, rows_used = 2 }

[[example]]
name = "a check of fifteen months ago says nothing of today"
rows.school_place = """
checked_on | facility | stage   | places | taken | classes
2025-08-01 | f1       | primary | 100    | 90    | 3
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, facility, stage,
       taken AS numerator, places AS denominator, NULL AS excluded
FROM school_place
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, facility, stage)
