SELECT quarantine_id, received_at, source, place, code, reason, raw, dialect, address,
       CASE WHEN resolved_at <= $instant THEN resolved_at END AS resolved_at
FROM quarantine
WHERE received_at <= $instant AND ($after = 0 OR quarantine_id < $after)
ORDER BY quarantine_id DESC
LIMIT $limit
