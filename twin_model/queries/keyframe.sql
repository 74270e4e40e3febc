SELECT series_no, value, taken_at, received_at, changed_at, newest_at, retained
FROM keyframe
WHERE keyframe_at = $keyframe_at
