"""What a port speaks, from the words that objects use for it. Pure. Never: guessed from traffic.

Who does not say it has it seen from the first bytes (`AUTO`), but on ports where by custom the
server speaks first: there nobody would ever see anything.
"""

from telltale.model.service import Protocol

BY_WORD = {
    "http": Protocol.HTTP, "http2": Protocol.HTTP2, "grpc": Protocol.GRPC,
    "grpc-web": Protocol.GRPC_WEB, "https": Protocol.TLS, "tls": Protocol.TLS,
    "tcp": Protocol.TCP, "mongo": Protocol.TCP, "mysql": Protocol.TCP, "redis": Protocol.TCP,
}  # fmt: skip
BY_APP = {
    **BY_WORD, "kubernetes.io/h2c": Protocol.HTTP2, "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.TLS,
}  # fmt: skip
SERVER_FIRST = (25, 53, 3306, 27017)  # SMTP, DNS, MySQL, MongoDB


def of(number: int, name: str, app: str = "") -> Protocol:
    """By `appProtocol`, else by the name's first word."""
    return BY_APP.get(app.lower()) or BY_WORD.get(_first(name)) or undeclared(number)


def undeclared(number: int) -> Protocol:
    return Protocol.TCP if number in SERVER_FIRST else Protocol.AUTO


def _first(name: str) -> str:
    name = name.lower()
    return "grpc-web" if name.startswith("grpc-web") else name.split("-", 1)[0]
