"""``edgewatch.toml`` and the environment: what may be set, and what is wrong with it."""
