/* ---
title         = { zh = "30分钟送货入户率", en = "Parcels brought home within 30 minutes" }
indicators    = [24]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 90
direction     = "up"
target_source = { zh = "建议值（30 分钟见试点指标，凭记忆，未核对原文）", en = "proposal (30 minutes is the pilot indicator's, from memory, original not checked)" }
freshness     = "4d"
sources       = ["parcel_day"]
version       = 1
public        = true
words         = { zh = "近 30 天 30 分钟内送到的件数 ÷ 要求送货入户的件数；自己到柜取件的不在内", en = "parcels delivered within 30 minutes ÷ parcels to be brought home, in the last 30 days; parcels fetched from a locker are not in it" }
[[example]]
name = "parcels fetched from the locker do not count"
rows.parcel_day = """
day        | facility | parcels | locker_cells | home_delivered | delivered_within_30min
2026-11-20 | f1       | 310     | 120          | 58             | 51
2026-11-21 | f1       | 200     | 120          | 42             | 39
"""
expect = { value = 90, numerator = 90, denominator = 100 }
[[example]]
name = "days on which nothing was to be brought home are no case"
rows.parcel_day = """
day        | facility | parcels | locker_cells | home_delivered | delivered_within_30min
2026-11-21 | f1       | 200     | 120          | 0              | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, facility,
       delivered_within_30min AS numerator, home_delivered AS denominator, flags[1] AS excluded
FROM parcel_day
