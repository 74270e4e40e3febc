-- When each home was last seen alive as known at an instant; $whole is the newest set of all homes up to it.
SELECT home_id, last_at, is_out
FROM home_life
WHERE known_at >= $whole AND known_at <= $instant
QUALIFY row_number() OVER (PARTITION BY home_id ORDER BY known_at DESC) = 1
