/* ---
title         = { zh = "幼儿园平均班额", en = "Children per kindergarten class" }
indicators    = [5]
unit          = { zh = "人/班", en = "children per class" }
measure       = "mean"
period        = "12m"
target        = 30
direction     = "down"
floor         = 45
target_source = { zh = "建议值", en = "proposal" }
freshness     = "220d"
sources       = ["school_place"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "各幼儿园最近一次检查（12 个月内）的在园人数 ÷ 班级数。班额过大的照实计入。", en = "Children / classes, each kindergarten at its newest check (within 12 months). Large classes are counted as they are." }

[[example]]
name = "all classes together, not the mean of the kindergartens"
rows.school_place = """
checked_on | facility | stage        | places | taken | classes
2026-09-01 | f1       | kindergarten | 60     | 40    | 1
2026-09-01 | f2       | kindergarten | 120    | 60    | 3
"""
expect = { value = 25, numerator = 100, denominator = 4 }

[[example]]
name = "the newest check counts, not the fullest"
rows.school_place = """
checked_on | facility | stage        | places | taken | classes
2026-03-01 | f1       | kindergarten | 60     | 70    | 2
2026-09-01 | f1       | kindergarten | 60     | 50    | 2
"""
expect = { value = 25, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, facility,
       taken AS numerator, classes AS denominator, NULL AS excluded
FROM school_place WHERE stage = 'kindergarten'
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, facility)
