"""The page that ``edgewatch report`` writes."""
