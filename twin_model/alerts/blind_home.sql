/* ---
title    = { zh = "住户盲区", en = "Blind home" }
sentence = { zh = "家里没有任何感知设备有消息，看不到是否平安", en = "No sense in the home reports; nobody would be seen falling" }
severity = "blind"
grade    = 4
scope    = "home"
procedure = "device_incident"

[[example]]
name     = "a kit that reports is not blind, whatever it reports"
device   = "motion"
readings = [["00:00", "motion", 0]]
expect   = [["01:00", []]]

[[example]]
name     = "when nothing in the home of an elder living alone reports, nobody would be seen falling"
device   = "motion"
readings = [["00:00", "motion", 0]]
expect   = [["96:00", ["blind"]]]
--- */
SELECT home_id AS subject, since AS due_at, since, NULL::DOUBLE AS value, NULL::DOUBLE AS limit_value,
       'signs_of_life' AS metric, community_id, home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, building_id
FROM home_state
WHERE state = 'blind'
