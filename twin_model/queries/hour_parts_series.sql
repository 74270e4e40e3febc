-- The series that tell of people in public places; nothing that stands in a home is among them.
SELECT DISTINCT s.series_no FROM series s JOIN device d USING (device_id)
WHERE d.home_id IS NULL AND ((d.type = 'people_counter' AND s.metric IN ('people', 'entered', 'left'))
    OR (d.type = 'gate' AND s.metric = 'people') OR (d.type = 'co2' AND s.metric = 'co2')
    OR (d.type = 'motion' AND s.metric = 'motion'))
