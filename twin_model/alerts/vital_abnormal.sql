/* ---
title     = { zh = "体征异常", en = "Abnormal vital sign" }
sentence  = { zh = "体征自 {since} 起异常（{value}，界限 {limit}），至少已测两次", en = "a vital sign has been abnormal since {since} ({value}, limit {limit}), measured at least twice" }
severity  = "look"
grade     = 2                   # domain.md D3: vital out of range
scope     = "device"
metrics   = ["heart_rate", "spo2", "breath_rate"]
window    = "6h"
clear     = "15m"
procedure = "elder_incident"
weight    = 0.6
suppressed_by = ["away"]

[parameter.minutes]
title  = { zh = "持续多久", en = "Held for" }
value  = 10
unit   = "min"
low    = 1
high   = 120
source = { zh = "建议值：手环戴歪会错读一次，相隔十分钟的两次读数不会", en = "proposal: a band that sits badly reads nonsense once; two readings ten minutes apart do not" }

[parameter.heart_low]
title  = { zh = "心率不高于", en = "Heart rate down to" }
value  = 40
unit   = "次/分"
low    = 20
high   = 60
source = { zh = "NEWS2（英国皇家内科医师学会 2017，凭记忆）：40 及以下单项即为红色", en = "NEWS2 (Royal College of Physicians 2017, from memory): 40 and below is a single red score" }

[parameter.heart_high]
title  = { zh = "心率不低于", en = "Heart rate up to" }
value  = 131
unit   = "次/分"
low    = 90
high   = 220
source = { zh = "NEWS2：131 及以上", en = "NEWS2: 131 and above" }

[parameter.spo2_low]
title  = { zh = "血氧不高于", en = "Oxygen saturation down to" }
value  = 88
unit   = "%"
low    = 70
high   = 95
source = { zh = "建议值：NEWS2 为 91，但手环约有 3 % 误差", en = "proposal: NEWS2 says 91, but wrist bands read some 3 % wrong" }
variants = { news2 = 91 }

[parameter.breath_low]
title  = { zh = "呼吸率不高于", en = "Breath rate down to" }
value  = 8
unit   = "次/分"
low    = 3
high   = 12
source = { zh = "NEWS2：8 及以下", en = "NEWS2: 8 and below" }

[parameter.breath_high]
title  = { zh = "呼吸率不低于", en = "Breath rate up to" }
value  = 25
unit   = "次/分"
low    = 18
high   = 60
source = { zh = "NEWS2：25 及以上", en = "NEWS2: 25 and above" }

[[example]]
name     = "a fast pulse at two readings ten minutes apart; normal for a quarter of an hour ends it"
devices  = { band = "vital_band" }
readings = [["12:00", "band.heart_rate", 80], ["12:10", "band.heart_rate", 140], ["12:20", "band.heart_rate", 138], ["12:30..13:00 every 10m", "band.heart_rate", 90]]
expect   = [["12:19", {}], ["12:20", { band = "firing" }], ["12:35", { band = "firing" }], ["12:47", {}]]

[[example]]
name     = "one reading that is off the mark is a band that sat badly"
devices  = { band = "vital_band" }
readings = [["12:00", "band.spo2", 96], ["12:10", "band.spo2", 71], ["12:20", "band.spo2", 95], ["12:30", "band.heart_rate", 150], ["12:40", "band.heart_rate", 88]]
expect   = [["12:15", {}], ["12:25", {}], ["12:40", {}]]

[[example]]
name     = "a band taken off after one bad reading: what comes after is not known"
devices  = { band = "vital_band" }
readings = [["12:00", "band.heart_rate", 80], ["12:10", "band.heart_rate", 160]]
expect   = [["12:21", {}], ["14:00", {}]]

[[example]]
name     = "slow breath under the mat of the bed, and low oxygen at the wrist"
devices  = { bed = "bed_sensor", band = "vital_band" }
readings = [["02:00..02:30 every 5m", "bed.breath_rate", 7], ["02:00..02:30 every 10m", "band.spo2", 85]]
expect   = [["02:09", {}], ["02:10", { bed = "firing", band = "firing" }], ["02:31", { bed = "firing", band = "firing" }]]

[[example]]
name       = "a heart that always beats slowly has a limit of its own"
devices    = { band = "vital_band" }
thresholds = [["h1", "heart_low", 34]]
readings   = [["12:00..13:00 every 10m", "band.heart_rate", 38]]
expect     = [["12:20", {}], ["13:00", {}]]

[[example]]
name     = "an alert stands while a silent band leaves it open; a message of unknown age is no pulse"
devices  = { band = "vital_band", other = "vital_band@h2" }
readings = [["12:00..12:30 every 10m", "band.heart_rate", 150], ["12:00", "other.heart_rate", 150, { retained = true }], ["12:10", "other.heart_rate", 150, { retained = true }]]
expect   = [["12:11", { band = "firing" }], ["15:00", { band = "firing" }]]
--- */
WITH read AS (
    SELECT r.series_no, r.taken_at, r.value, s.minutes,
           CASE r.metric WHEN 'heart_rate' THEN CASE WHEN r.value <= s.heart_low THEN s.heart_low WHEN r.value >= s.heart_high THEN s.heart_high END
                         WHEN 'spo2' THEN CASE WHEN r.value <= s.spo2_low THEN s.spo2_low END
                         WHEN 'breath_rate' THEN CASE WHEN r.value <= s.breath_low THEN s.breath_low WHEN r.value >= s.breath_high THEN s.breath_high END
           END AS reached
    FROM recent r JOIN state d USING (series_no)
    JOIN setting s ON s.community_id = d.community_id AND s.home_id IS NOT DISTINCT FROM d.home_id),
off AS (  -- the readings since the last normal one of the same sign
    SELECT r.*
    FROM read r LEFT JOIN (SELECT series_no, max(taken_at) AS normal_at FROM read WHERE reached IS NULL GROUP BY series_no) n
        USING (series_no)
    WHERE reached IS NOT NULL AND (normal_at IS NULL OR taken_at > normal_at)),
held AS (
    SELECT series_no, min(taken_at) AS since, max(taken_at) AS last_at, arg_max(value, taken_at) AS value,
           arg_max(reached, taken_at) AS reached, any_value(minutes) * INTERVAL 1 MINUTE AS held_for
    FROM off
    GROUP BY series_no)
SELECT d.device_id AS subject, min(since + held_for) AS due_at, min(since) AS since, arg_min(h.value, since) AS value,
       arg_min(reached, since) AS limit_value, arg_min(d.metric, since) AS metric, any_value(d.community_id) AS community_id,
       any_value(d.home_id) AS home_id, any_value(d.room_id) AS room_id, any_value(d.facility_id) AS facility_id,
       any_value(d.building_id) AS building_id
FROM held h JOIN state d USING (series_no)
WHERE last_at >= since + held_for
GROUP BY d.device_id
