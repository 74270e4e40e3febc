SELECT mid, digest FROM delivery ORDER BY received_at DESC LIMIT $most
