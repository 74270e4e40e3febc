-- Alerts with the names of where they are, most urgent first and the longest open first within a severity.
SELECT found.*, b.name AS building_name, e.name AS estate_name, e.name_en AS estate_name_en, u.name AS unit_name, h.number AS home_number,
       f.name AS facility_name, f.name_en AS facility_name_en, r.name AS room_name
FROM found
LEFT JOIN home_at($instant) h ON h.home_id = found.home_id
LEFT JOIN building_at($instant) b ON b.building_id = found.building_id
LEFT JOIN estate_at($instant) e ON e.estate_id = b.estate_id
LEFT JOIN unit_at($instant) u ON u.unit_id = h.unit_id
LEFT JOIN facility_at($instant) f ON f.facility_id = found.facility_id
LEFT JOIN room_at($instant) r ON r.room_id = found.room_id
ORDER BY CASE found.severity WHEN 'act' THEN 0 WHEN 'look' THEN 1 ELSE 2 END, found.since, found.subject
