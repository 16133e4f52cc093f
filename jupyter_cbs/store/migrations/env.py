"""Alembic's environment: runs in the transaction the store holds, needs no ini file."""

from alembic import context

from jupyter_cbs.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
