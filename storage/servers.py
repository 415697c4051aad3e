"""Servers that descend from PostgreSQL and call themselves otherwise: 人大金仓 KingbaseES, and openGauss with its kin.

SQLAlchemy does not recognise how they tell their version, and openGauss spells «unless the key is there» in its own
way. What else the product asks of a server is what all of them have (README, «PostgreSQL»). Must not know what is
stored.
"""

import re
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import psycopg

DRIVER = "postgresql+zicha"
"""This dialect, in an address."""

_OPENGAUSS, _KINGBASE = re.compile("openGauss|MogDB|GaussDB", re.IGNORECASE), re.compile("KingbaseES", re.IGNORECASE)
"""What they call themselves in `version()`."""
_DESCENT = {_OPENGAUSS: (9, 2, 4), _KINGBASE: (12,)}
"""The PostgreSQL they come from, as far as SQLAlchemy is concerned; openGauss has much that is newer."""

_psycopg: Any = psycopg


class _Compiler(_psycopg.PGCompiler_psycopg):  # type: ignore[misc]
    def visit_on_conflict_do_nothing(self, on_conflict: Any, **how: Any) -> Any:
        if is_opengauss(self.dialect):
            return "ON DUPLICATE KEY UPDATE NOTHING"  # no RETURNING may follow it
        return super().visit_on_conflict_do_nothing(on_conflict, **how)


class Server(_psycopg.PGDialect_psycopg):  # type: ignore[misc]
    """PostgreSQL, and those that are taken for it."""

    statement_compiler = _Compiler
    supports_statement_cache = True
    is_opengauss = False

    def _get_server_version_info(self, connection: Connection) -> Any:
        """SQLAlchemy asks it once of each engine."""
        told = str(connection.exec_driver_sql("SELECT version()").scalar())
        for name, version in _DESCENT.items():
            if name.search(told):
                self.is_opengauss = name is _OPENGAUSS
                return version
        return super()._get_server_version_info(connection)


def is_opengauss(dialect: object) -> bool:
    return isinstance(dialect, Server) and dialect.is_opengauss


registry.register("postgresql.zicha", __name__, Server.__name__)
