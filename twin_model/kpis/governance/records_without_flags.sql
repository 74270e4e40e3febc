/* ---
title         = { zh = "台账数据质量", en = "Records without a doubt on them" }
indicators    = [33]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "30d"
target        = 99
direction     = "up"
floor         = 90
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["repair", "whistle", "council_topic", "safety_check", "service_request", "parking_day", "waste_day"]
requires      = ["repair", "whistle"]
version       = 1
public        = true
words         = { zh = "近 30 天报修、哨单、议题、安全检查、服务需求、停车、垃圾七本台账中没有存疑标记的记录 ÷ 全部记录；导入时被拒收的不在台账里，不算", en = "records without a flag ÷ all records of the last 30 days in seven ledgers: repairs, whistles, topics, safety checks, requests, parking, waste; rows refused at import are not in a ledger and not counted" }
[[example]]
name = "a flagged record is what this counts: it stays below the line"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | rating | flags
R1        | 2026-11-10T08:40 | e1     | water    | false     |        |
R2        | 2026-11-11T08:40 | e1     | water    | false     | 5      | rated_before_done
"""
rows.whistle = """
whistle_no | direction | raised_at        | group   | category
S1         | community | 2026-11-01T09:00 | medical | health
"""
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover
2026-11-20 | f1       | 300    | 271        | 60            | 600
"""
expect = { value = 75, numerator = 3, denominator = 4 }
[[example]]
name = "a ledger that is not kept does not count; repairs and whistles must be"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent
R1        | 2026-11-10T08:40 | e1     | water    | false
"""
expect = { status = "not_measurable", missing = ["whistle"] }
--- */
WITH record AS (
    SELECT 'repair' AS kind, community_id, period, record_id, flags FROM repair
    UNION ALL SELECT 'whistle', community_id, period, record_id, flags FROM whistle
    UNION ALL SELECT 'council_topic', community_id, period, record_id, flags FROM council_topic
    UNION ALL SELECT 'safety_check', community_id, period, record_id, flags FROM safety_check
    UNION ALL SELECT 'service_request', community_id, period, record_id, flags FROM service_request
    UNION ALL SELECT 'parking_day', community_id, period, record_id, flags FROM parking_day
    UNION ALL SELECT 'waste_day', community_id, period, record_id, flags FROM waste_day
)
SELECT community_id, period, kind || '|' || record_id AS row_id, kind, flags[1] AS flag,
       len(flags) = 0 AS numerator, 1 AS denominator, NULL AS excluded
FROM record
