"""The append log on disk (SQLite, WAL): every write a row, in the manner of kine. The only SQL.

Never: what a row means. Commits do not wait for the disk (synchronous=NORMAL: a crash of the
machine may lose the last moments, a crash of the process loses nothing); checkpoints do, so they
run on a connection of their own, in a thread.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
  revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL,
  name TEXT NOT NULL, created INTEGER NOT NULL, deleted INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS compacted (
  id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
INSERT OR IGNORE INTO compacted VALUES (1, 0);
"""


class StoreUnusable(Exception):
    """The file cannot be opened, read or written; the message names it."""


@dataclass(frozen=True, slots=True)
class Row:
    revision: int
    resource: str
    namespace: str
    name: str
    created: int
    deleted: bool
    body: bytes


class Journal:
    """`path` "" keeps everything in memory, for tests."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            if path:
                Path(path).touch(mode=0o600)
            self._connection = _connect(path)
            if not path or Path(path).stat().st_size == 0:
                self._connection.execute("PRAGMA synchronous = OFF")  # nothing to lose yet
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("PRAGMA synchronous = NORMAL")
        except (sqlite3.Error, OSError) as error:
            raise StoreUnusable(f"{path}: the store cannot be opened: {error}") from error

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first. Raises `StoreUnusable`."""
        try:
            found = self._connection.execute(
                "SELECT revision, resource, namespace, name, created, deleted, body"
                " FROM log ORDER BY revision"
            )
            for row in found:
                revision, resource, namespace, name, created, deleted, body = row
                yield Row(revision, resource, namespace, name, created, bool(deleted), body)
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self.path}: the store cannot be read: {error}") from error

    def compacted(self) -> int:
        """The highest revision whose history is gone."""
        found = self._connection.execute("SELECT revision FROM compacted").fetchone()
        return int(found[0])

    def append(self, row: Row) -> None:
        """Written when this returns. Raises `StoreUnusable`, and then nothing is written."""
        try:
            self._connection.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row.revision, row.resource, row.namespace, row.name, row.created, row.deleted,
                 row.body),
            )  # fmt: skip
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self.path}: the store cannot be written: {error}") from error

    def compact(self, revision: int, obsolete: Iterable[int]) -> None:
        """Drop the rows `obsolete`; history up to `revision` is gone from now on."""
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                self._connection.executemany(
                    "DELETE FROM log WHERE revision = ?", ((one,) for one in obsolete)
                )
                self._connection.execute("UPDATE compacted SET revision = ?", (revision,))
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self.path}: the store cannot be compacted: {error}") from error

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file; waits for the disk, off the loop."""
        if self.path:
            await asyncio.to_thread(_checkpoint, self.path)

    def close(self) -> None:
        self._connection.close()


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def _checkpoint(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()
