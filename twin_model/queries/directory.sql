-- Devices as they stand now, whatever instant a screen looks at.
SELECT device_id, type, dialect, address FROM device WHERE superseded_at IS NULL AND valid_to IS NULL
