-- The last instant up to $instant at which readings, messages kept aside, alerts, incidents, visits or absences came in.
SELECT greatest(
    (SELECT max(received_at) FROM reading WHERE received_at <= $instant),
    (SELECT max(received_at) FROM quarantine WHERE received_at <= $instant),
    (SELECT max(known_at) FROM alert_step WHERE known_at <= $instant),
    (SELECT max(known_at) FROM incident_step WHERE known_at <= $instant),
    (SELECT max(known_at) FROM visit WHERE known_at <= $instant),
    (SELECT max(recorded_at) FROM absence WHERE recorded_at <= $instant)) AS last
