"""Alembic runs inside the transaction that `tasks.store.session.migrate` opened."""

from alembic import context

from tasks.store.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
