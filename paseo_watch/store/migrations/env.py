"""Run by Alembic: the revisions run in the transaction of the connection that `store.migrate` hands in."""

from alembic import context

from paseo_watch.store.migrate import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
context.run_migrations()
