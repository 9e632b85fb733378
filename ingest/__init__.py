"""From a node's raw answers to verified logs and receipts, and from these to trades and prices."""
