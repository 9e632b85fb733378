"""EVM chains: what they are, how they are read, and what their transactions mean."""
