"""Looking for peers on the chain, at a cost that is known before."""
