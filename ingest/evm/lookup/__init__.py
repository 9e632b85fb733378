"""What a transaction does not tell and a node is asked for once: pools, orders, tokens, traces."""
