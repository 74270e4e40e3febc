-- The sum of chosen series as known at a keyframe: what was heard of within six hours of it.
SELECT sum(value) AS value, count(*) AS devices
FROM keyframe SEMI JOIN chosen USING (series_no)
WHERE keyframe_at = $keyframe_at AND taken_at > $keyframe_at - INTERVAL 6 HOUR
