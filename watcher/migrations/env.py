"""Alembic's entry: migrations run on the connection that ``watcher.store.sql.database`` hands over."""

from alembic import context

from watcher.store.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
