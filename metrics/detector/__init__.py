"""From day sums to a verdict: evidence, its recurrence interval, and what a person is shown of it."""
