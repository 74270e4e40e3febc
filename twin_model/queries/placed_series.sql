-- Every series of the devices known at an instant, with what the catalogue says of its metric and where it stands.
-- A device stands in the narrowest place known; the wider ones follow from it.
SELECT s.series_no, d.device_id, d.type, d.name, d.dialect, d.address, s.metric, m.unit, m.kind, m.stale_us, m.lost_us,
       m.alarm_at_least, m.alarm_class, d.community_id, d.home_id, d.room_id, d.gateway_id,
       coalesce(d.facility_id, r.facility_id) AS facility_id,
       coalesce(d.building_id, h.building_id, f.building_id) AS building_id,
       d.lon, d.lat
FROM device_at($instant) d
JOIN series s USING (device_id)
JOIN metric_info m ON m.type = d.type AND m.metric = s.metric
LEFT JOIN home_at($instant) h ON h.home_id = d.home_id
LEFT JOIN room_at($instant) r ON r.room_id = d.room_id
LEFT JOIN facility_at($instant) f ON f.facility_id = coalesce(d.facility_id, r.facility_id)
ORDER BY s.series_no
