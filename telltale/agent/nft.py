"""Applies the redirect rules to the network namespace that it runs in, by the program `nft`.

Never: a rule of its own, or a change where the rules already are as wanted.
"""

import logging
import shutil
import subprocess

from telltale.agent.redirect import TABLE, Family, replacement

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0


class NftError(ValueError):
    """nft refused, in one line, with the way out where there is a known one."""


def ensure(text: str, family: Family) -> bool:
    """Make the table be `text`; True when something had to be changed. Raises NftError."""
    standing = current(family)
    if standing == text:
        return False
    if standing:
        log.warning("table %s %s had drifted, replacing it", family.name, TABLE)
    run(replacement(text, family))
    return True


def current(family: Family) -> str:
    """The table as it stands, normalised; empty when there is none."""
    listed = _nft(["-y", "list", "table", family.name, TABLE], "")
    return listed.stdout if listed.returncode == 0 else ""


def run(script: str) -> None:
    done = _nft(["-f", "-"], script)
    if done.returncode == 0:
        return
    said = next((line for line in done.stderr.splitlines() if "rror:" in line), done.stderr.strip())
    if "not permitted" in done.stderr:
        said += "; the container needs capability NET_ADMIN"
    raise NftError(f"nft refused the redirect rules: {said}")


def _nft(words: list[str], script: str) -> "subprocess.CompletedProcess[str]":
    nft = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if nft is None:
        raise NftError("nft is not installed; install the package nftables")
    try:
        return subprocess.run(
            [nft, *words], input=script, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise NftError(f"nft {' '.join(words)} did not end within {TIMEOUT_S:.0f} s") from None
