"""From a verdict to a person's decision, and what follows it."""
