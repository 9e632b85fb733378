"""A recorded chain, the node that serves it, and the tour that ``edgewatch demo`` gives."""
