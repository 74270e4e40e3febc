/* ---
title         = { zh = "快递柜格口与日均件量之比", en = "Locker cells per daily parcel" }
indicators    = [24]
unit          = { zh = "格/件", en = "cells per parcel" }
measure       = "mean"
digits        = 2
period        = "30d"
target        = 1.0
direction     = "up"
target_source = { zh = "完整居住社区建设标准（2020）第 7 项：1–1.3 倍日均件量（凭记忆，未核对原文）", en = "standard of complete communities (2020), item 7: 1 to 1.3 times the daily parcels (from memory, original not checked)" }
freshness     = "4d"
sources       = ["parcel_day"]
version       = 1
public        = true
words         = { zh = "近 30 天各快递点每天格口数之和 ÷ 每天件数之和", en = "cells summed over the days of the last 30 days ÷ parcels of the same days" }
[[example]]
name = "cells of each day over parcels of each day"
rows.parcel_day = """
day        | facility | parcels | locker_cells | home_delivered | delivered_within_30min
2026-11-20 | f1       | 90      | 120          | 10             | 9
2026-11-21 | f1       | 110     | 120          | 10             | 9
"""
expect = { value = 1.2, numerator = 240, denominator = 200 }
[[example]]
name = "cells without a parcel have no ratio"
rows.parcel_day = """
day        | facility | parcels | locker_cells | home_delivered | delivered_within_30min
2026-11-21 | f1       | 0       | 120          | 0              | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, facility,
       locker_cells AS numerator, parcels AS denominator, flags[1] AS excluded
FROM parcel_day
