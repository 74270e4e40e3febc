-- Notifications with a number above $after, oldest first, with the names of the places and people they are about.
WITH waiting AS (SELECT * FROM notification WHERE notification_id > $after ORDER BY notification_id LIMIT $most),
alerted AS (
    SELECT alert_id, any_value(building_id) AS building_id, any_value(rule) AS rule
    FROM alert_step WHERE alert_id IN (SELECT alert_id FROM waiting) GROUP BY alert_id)
SELECT w.notification_id, w.known_at, w.kind, w.community_id, coalesce(d.drill_of, w.community_id) AS exercised,
    w.incident_id, w.alert_id, w.drill_id, c.name AS community,
    nullif(concat_ws(' ', e.name, b.name), '') AS building, nullif(concat_ws(' ', coalesce(e.name_en, e.name), coalesce(b.name_en, b.name)), '') AS building_en,
    a.rule, w.body,
    list_distinct(list_concat(
        coalesce((SELECT list(r.name) FROM resident_at($instant) r WHERE r.home_id = i.home_id), []),
        coalesce((SELECT list(k.name) FROM contact_at($instant) k
            WHERE coalesce(k.home_id, i.home_id) = i.home_id AND k.community_id = w.community_id), []))) AS names
FROM waiting w
LEFT JOIN drill d ON d.drill_id = w.drill_id
LEFT JOIN incident i ON i.incident_id = w.incident_id
LEFT JOIN alerted a ON a.alert_id = w.alert_id
LEFT JOIN community_at($instant) c ON c.community_id = coalesce(d.drill_of, w.community_id)
LEFT JOIN building_at($instant) b ON b.building_id = coalesce(i.building_id, a.building_id)
LEFT JOIN estate_at($instant) e ON e.estate_id = b.estate_id
ORDER BY w.notification_id
