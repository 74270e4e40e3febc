-- The alerts that have not cleared: the last row of each.
SELECT * FROM alert_step QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY known_at DESC) = 1 AND phase <> 'cleared'
