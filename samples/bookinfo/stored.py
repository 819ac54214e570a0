"""The two ratings of ratings v2, from a database: MySQL (DB_TYPE=mysql) or Redis (DB_TYPE=redis).

MySQL is spoken by PyMySQL: logging in to one takes more than fits a sample. A list of Redis is one
line to ask for. Never: a pool; each question is a connection, to be seen in the mesh.
"""

import asyncio
import os
import sys

DATABASE = os.environ.get("DB_TYPE", "")
WAIT_S = 5.0

if DATABASE == "mysql":
    try:
        import pymysql
    except ImportError:
        sys.exit("ratings: DB_TYPE=mysql needs PyMySQL, which `scripts/setup dev` installs")
elif DATABASE not in ("", "redis"):
    sys.exit(f"ratings: DB_TYPE is {DATABASE!r}; there is mysql and redis")


class Unreadable(Exception):
    """The database gave no ratings; `str()` says where it stopped."""


async def ratings() -> tuple[int, int]:
    """Raises `Unreadable`."""
    found = await (asyncio.to_thread(_mysql) if DATABASE == "mysql" else _redis())
    if len(found) != 2:
        raise Unreadable(f"ratings not found: the database has {len(found)} of 2")
    return found[0], found[1]


def _mysql() -> list[int]:
    env = os.environ
    try:
        link = pymysql.connect(
            host=env.get("MYSQL_DB_HOST", "mysqldb"),
            port=int(env.get("MYSQL_DB_PORT") or "3306"),
            user=env.get("MYSQL_DB_USER", "root"),
            password=env.get("MYSQL_DB_PASSWORD", ""),
            database="test", connect_timeout=int(WAIT_S), read_timeout=WAIT_S,
        )  # fmt: skip
    except (pymysql.Error, OSError) as error:
        raise Unreadable(f"could not connect to ratings database: {error}") from error
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SELECT Rating FROM ratings ORDER BY ReviewID")
            return [int(row[0]) for row in cursor.fetchall()]
    except (pymysql.Error, OSError) as error:
        raise Unreadable(f"could not perform select: {error}") from error


async def _redis() -> list[int]:
    host = os.environ.get("REDIS_HOST", "ratingsdb")
    port = int(os.environ.get("REDIS_SERVICE_PORT") or "6379")
    try:
        async with asyncio.timeout(WAIT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"LRANGE ratings 0 -1\r\n")
                first = await reader.readline()
                if not first.startswith(b"*"):
                    raise Unreadable(f"could not read ratings: {first.decode(errors='replace')}")
                found = []
                for _ in range(int(first[1:])):
                    await reader.readline()  # its length
                    found.append(int(await reader.readline()))
                return found
            finally:
                writer.close()
    except (OSError, ValueError) as error:
        raise Unreadable(f"could not connect to ratings database: {error!r}") from error
