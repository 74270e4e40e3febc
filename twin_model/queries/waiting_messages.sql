SELECT quarantine_id, place, raw, received_at
FROM quarantine
WHERE resolved_at IS NULL AND code = 'unknown_device' AND dialect = $dialect AND address = $address
ORDER BY quarantine_id
