"""Secrets out of what is shown: private keys, passwords, tickets; and the bytes of modules, which
nobody reads. Pure. Never: anything else.
"""

from telltale.kube.codec import Json

_SECRET = {
    "private_key", "password", "session_ticket_keys", "generic_secret", "private_key_provider",
    "inline_bytes",
}  # fmt: skip
HIDDEN = "[redacted]"


def redacted(value: Json) -> Json:
    """The same, but for what a field of that name holds in place; the name of a file stays."""
    if isinstance(value, dict):
        return {
            key: _hidden(inner) if key in _SECRET else redacted(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


def _hidden(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            key: inner if key == "filename" else
            HIDDEN if isinstance(inner, str) else _hidden(inner)
            for key, inner in value.items()
        }  # fmt: skip
    return [_hidden(inner) for inner in value] if isinstance(value, list) else HIDDEN
