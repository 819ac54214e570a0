"""Who a user is in an image: names and numbers by its passwd and group files. Pure."""

from dataclasses import dataclass


class NoUser(ValueError):
    """The image has no such user or group; the message names it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process's user, group and further groups, and where its home is."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def resolve(user: str, passwd: str, group: str) -> Identity:
    """`user` as an image's config has it: `""`, `name`, `uid`, `name:group`, `uid:gid`.

    A number needs no entry; a name does. Raises `NoUser`.
    """
    name, _, group_name = (user or "0").partition(":")
    entry = next((row for row in _rows(passwd, 6) if name in (row[0], row[2])), None)
    if entry is None and not name.isdecimal():
        raise NoUser(f"unable to find user {name}: no matching entries in passwd file")
    uid = int(entry[2]) if entry else int(name)
    gid = int(entry[3]) if entry else 0
    login = entry[0] if entry else ""
    members = [int(row[2]) for row in _rows(group, 4) if login and login in row[3].split(",")]
    if group_name:
        gid, members = _gid(group_name, group), []
    return Identity(uid, gid, tuple(members), entry[5] if entry else "/")


def _gid(name: str, group: str) -> int:
    found = next((row for row in _rows(group, 3) if name in (row[0], row[2])), None)
    if found:
        return int(found[2])
    if name.isdecimal():
        return int(name)
    raise NoUser(f"unable to find group {name}: no matching entries in group file")


def _rows(text: str, least: int) -> list[list[str]]:
    rows = (line.split(":") for line in text.splitlines() if not line.startswith("#"))
    return [row for row in rows if len(row) >= least and row[2].isdecimal()]
