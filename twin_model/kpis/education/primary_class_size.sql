/* ---
title         = { zh = "小学平均班额", en = "Pupils per primary class" }
indicators    = [5]
unit          = { zh = "人/班", en = "pupils per class" }
measure       = "mean"
period        = "12m"
target        = 45
direction     = "down"
floor         = 60
target_source = { zh = "建议值", en = "proposal" }
freshness     = "220d"
sources       = ["school_place"]
version       = 1
public        = true
digits        = 1
words         = { zh = "各小学最近一次检查（12 个月内）的在校人数 ÷ 班级数。班额过大的照实计入。", en = "Pupils / classes, each primary school at its newest check (within 12 months). Large classes are counted as they are." }

[[example]]
name = "large classes are what is measured: the flag does not take them out"
rows.school_place = """
checked_on | facility | stage        | places | taken | classes | flags
2026-09-01 | f1       | primary      | 90     | 100   | 2       | large_classes
2026-09-01 | f2       | kindergarten | 100    | 98    | 4       |
"""
expect = { value = 50, rows_used = 1 }

[[example]]
name = "there are kindergartens but no primary school: no case"
rows.school_place = """
checked_on | facility | stage        | places | taken | classes
2026-09-01 | f2       | kindergarten | 100    | 98    | 4
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, facility,
       taken AS numerator, classes AS denominator, NULL AS excluded
FROM school_place WHERE stage = 'primary'
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, facility)
