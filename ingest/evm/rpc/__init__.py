"""JSON-RPC over HTTP: read-only, bounded, paced, metered, over several endpoints."""
