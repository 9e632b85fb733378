"""A wallet's own reference: what it usually does, and how much that wanders."""
