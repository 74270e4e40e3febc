-- Rows of `candidate` that the log holds already: same series, same own time, same value.
SELECT candidate.row
FROM candidate
WHERE EXISTS (
    FROM reading
    WHERE reading.taken_at BETWEEN $first AND $last
      AND reading.series_no = candidate.series_no
      AND reading.taken_at = candidate.taken_at
      AND reading.value = candidate.value)
