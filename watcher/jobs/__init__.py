"""The jobs: each does the work since its cursor, and none calls another."""
