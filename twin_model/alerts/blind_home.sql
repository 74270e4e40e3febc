/* ---
title    = { zh = "住户盲区", en = "Blind home" }
severity = "blind"

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
SELECT home_id AS subject, 'signs_of_life' AS metric, NULL::DOUBLE AS value, since, 'blind' AS severity,
       community_id, home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, building_id
FROM home_state
WHERE state = 'blind'
