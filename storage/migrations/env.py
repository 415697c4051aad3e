"""Alembic's entry: runs the migrations on the connection `Database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from storage import models

assert models.Unit  # the tables are registered by importing them  # noqa: S101

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
