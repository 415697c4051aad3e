"""Statements of every turn, made ready once: what SQLAlchemy does for each execution costs many times what the database
takes for most of them.

Where somebody listens to what is executed, SQLAlchemy does it as ever. Must not know any table.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import iterate, replacement_traverse

Values = Mapping[str, Any]
_Change = Callable[[Any], Any]

_ROWCOUNT = {"preserve_rowcount": True}
"""PostgreSQL answers an insert with rows, not only their number."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as the driver takes it, for values of certain names and lists of certain lengths."""

    text: str
    always: Mapping[Any, Any]
    """What its parameters are that are not given, by their place."""
    lists: Mapping[str, Sequence[Any]]
    """How the values of each list are called, one by one."""
    picked: Callable[[Mapping[Any, Any]], Iterable[Any]]
    """Its parameters in their order, of all that is named."""
    names: Sequence[str] | None
    """How the driver calls them, where it does not go by their order."""
    spelled: Sequence[tuple[int, _Change]]
    """Parameters that are kept otherwise than they are meant."""
    row: Callable[[Iterable[Any]], Any] | None
    """Names the columns of what comes back."""
    read: Sequence[tuple[int, _Change]]
    """Columns that are kept otherwise than they are meant."""

    def parameters(self, values: Values) -> Any:
        named: Mapping[Any, Any] = values
        if self.always or self.lists:
            named = {**self.always, **values}
            for name, ones in self.lists.items():
                named.update(zip(ones, values[name], strict=True))
        whole = [*self.picked(named)]
        for place, spelled in self.spelled:
            whole[place] = spelled(whole[place])
        return dict(zip(self.names, whole, strict=True)) if self.names is not None else whole

    def meant(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        if self.row is None:
            return []
        if not self.read:
            return [*map(self.row, rows)]
        whole = []
        for row in map(list, rows):
            for place, read in self.read:
                row[place] = read(row[place])
            whole.append(self.row(row))
        return whole


class Prepared:
    """A statement of Core. Raises what SQLAlchemy raises; returns rows whose columns have names."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._lists = [one.key for one in _parameters(statement) if one.expanding and one.required]
        self._compiled = lru_cache(maxsize=8)(self._compile)
        self._ready = lru_cache(maxsize=128)(self._make_ready)

    def run(self, session: Session, values: Values) -> int:
        """How many rows it touched."""
        connection = session.connection()
        if _is_heard(connection):
            return connection.execute(self._statement, values, execution_options=_ROWCOUNT).rowcount
        return int(_executed(connection, self._for(connection, values), values)[0].rowcount)

    def each(self, session: Session, rows: Sequence[Values]) -> int:
        """Once for each, all with values of the same names; how many rows it touched."""
        if not rows:
            return 0
        connection = session.connection()
        if _is_heard(connection):
            return connection.execute(self._statement, rows, execution_options=_ROWCOUNT).rowcount
        ready = self._for(connection, rows[0])
        return int(_executed_for_each(connection, ready, rows)[0].rowcount)

    def insert(self, session: Session, values: Values) -> int:
        """The number of the new row."""
        connection = session.connection()
        if _is_heard(connection):
            (number,) = connection.execute(self._statement, values).inserted_primary_key or (0,)
            return int(number)
        cursor, rows = _executed(connection, self._for(connection, values), values)
        return int(rows[0][0] if rows else cursor.lastrowid)

    def rows(self, session: Session, values: Values) -> Sequence[Any]:
        connection = session.connection()
        if _is_heard(connection):
            return connection.execute(self._statement, values).all()
        ready = self._for(connection, values)
        return ready.meant(_executed(connection, ready, values)[1])

    def rows_of_each(self, session: Session, rows: Sequence[Values]) -> Sequence[Any]:
        """What comes back for all of them."""
        if not rows:
            return []
        connection = session.connection()
        if _is_heard(connection):
            return connection.execute(self._statement, rows).all()
        ready = self._for(connection, rows[0])
        if connection.dialect.name == "sqlite":  # its driver does not tell what comes back from many
            return ready.meant([row for values in rows for row in _executed(connection, ready, values)[1]])
        return ready.meant(_executed_for_each(connection, ready, rows, returning=True)[1])

    def _for(self, connection: Connection, values: Values) -> _Ready:
        return self._ready(connection.dialect, tuple(values), tuple([len(values[name]) for name in self._lists]))

    def _compile(self, dialect: Dialect, names: tuple[str, ...]) -> Any:
        whole: Any = self._statement
        if dialect.name == "sqlite":
            whole = replacement_traverse(whole, {}, _in_the_statement)
        return whole.compile(dialect=dialect, column_keys=names)

    def _make_ready(self, dialect: Dialect, names: tuple[str, ...], lengths: tuple[int, ...]) -> _Ready:
        compiled = self._compiled(dialect, names)
        sample: dict[str, Any] = dict.fromkeys(names)
        sample |= {name: [None] * length for name, length in zip(self._lists, lengths, strict=True)}
        state = compiled.construct_expanded_state(sample)
        defaults = {one.key: one.default.arg for one in (*compiled.insert_prefetch, *compiled.update_prefetch)}
        of_list = {one: (name, n) for name, ones in state.parameter_expansion.items() for n, one in enumerate(ones)}
        always: dict[Any, Any] = {}
        order, spellings = list[Any](), list[tuple[int, _Change]]()
        called = None if state.positiontup else [*state.parameters]
        for place, parameter in enumerate(state.positiontup or state.parameters):
            name, which = of_list.get(parameter, (parameter, None))
            bound: Any = compiled.binds[name]
            spelled = bound.type.dialect_impl(dialect).bind_processor(dialect)
            if bound.key in sample:
                order.append(bound.key if which is None else (bound.key, which))
                spellings += [(place, spelled)] if spelled else []
                continue
            value = defaults[name] if name in defaults else bound.value if which is None else bound.value[which]
            always[place] = spelled(value) if spelled else value
            order.append(place)
        # what an update says of itself (`exported_columns`) may be said of the one it was made from
        columns = compiled._result_columns
        readers = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
        return _Ready(
            text=state.statement,
            always=always,
            lists={name: [(name, n) for n in range(len(sample[name]))] for name in self._lists},
            picked=_picker(order),
            names=called,
            spelled=spellings,
            row=_named(tuple([one.keyname for one in columns])) if columns else None,
            read=[(place, reader) for place, reader in enumerate(readers) if reader],
        )


def _picker(names: Sequence[Any]) -> Callable[[Mapping[Any, Any]], Iterable[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda named: [named[name] for name in names]


@cache
def _named(columns: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """What its `_make` does, without looking whether the number of values is right: the statement says so."""
    return partial(tuple.__new__, namedtuple("Row", columns, rename=True))


def _parameters(statement: Any) -> Iterator[BindParameter[Any]]:
    return (one for one in iterate(statement) if isinstance(one, BindParameter))


def _in_the_statement(element: Any, **_: Any) -> Any:
    """Words and numbers that are always the same stand in the statement: SQLite plans it anew for each execution where
    a value is bound that a partial index looks at («waiting»), which takes it several times as long."""
    if isinstance(element, BindParameter) and not element.required and isinstance(element.value, str | int | list):
        return element.render_literal_execute()
    return None


def _is_heard(connection: Connection) -> bool:
    return bool(connection.dispatch.before_cursor_execute)


def _executed(connection: Connection, ready: _Ready, values: Values) -> tuple[Any, list[Any]]:
    """The driver's cursor, and all that comes back."""
    try:
        cursor = _driver(connection).execute(ready.text, ready.parameters(values))
        return cursor, cursor.fetchall() if ready.row else []
    except Exception as error:
        _tell(connection, ready, error)
        raise


def _executed_for_each(
    connection: Connection, ready: _Ready, rows: Sequence[Values], **how: bool
) -> tuple[Any, list[Any]]:
    """The same for many. With `returning`, of a server, all that comes back."""
    try:
        cursor = _driver(connection).cursor()
        cursor.executemany(ready.text, [*map(ready.parameters, rows)], **how)
        found = cursor.fetchall() if how else []
        while how and cursor.nextset():
            found += cursor.fetchall()
        return cursor, found
    except Exception as error:
        _tell(connection, ready, error)
        raise


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _tell(connection: Connection, ready: _Ready, error: Exception) -> None:
    """Raises what SQLAlchemy would have: the driver's own errors by their kind, a value that does not fit as the
    statement's; a connection that is gone is given up."""
    connection._handle_dbapi_exception(error, ready.text, None, None, None)
