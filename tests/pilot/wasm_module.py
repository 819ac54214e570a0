"""The smallest module of WebAssembly that speaks Envoy's ABI: it adds `x-wasm: 1` to every answer.

Assembled by hand (webassembly.github.io, "Binary Format"): one import, two exported functions.
"""


def _sized(body: bytes) -> bytes:
    return bytes([len(body)]) + body


def _list(*items: bytes) -> bytes:
    return bytes([len(items)]) + b"".join(items)


def _section(number: int, body: bytes) -> bytes:
    return bytes([number]) + _sized(body)


def _export(name: str, kind: int, index: int) -> bytes:
    return _sized(name.encode()) + bytes([kind, index])


I32, FUNCTION, MEMORY = 0x7F, 0, 2
KEY = b"x-wasm"
RESPONSE_HEADERS = 2


def module(value: bytes = b"1") -> bytes:
    def const(number: int) -> bytes:
        return bytes([0x41, number])

    add = b"".join(map(const, (RESPONSE_HEADERS, 0, len(KEY), len(KEY), len(value))))
    answer = b"\x00" + add + b"\x10\x00\x1a" + const(0) + b"\x0b"  # call 0, drop, return 0
    types = _list(
        b"\x60" + _list(*[bytes([I32])] * 5) + _list(bytes([I32])),
        b"\x60" + _list(*[bytes([I32])] * 3) + _list(bytes([I32])),
        b"\x60" + _list() + _list(),
        b"\x60" + _list(bytes([I32])) + _list(bytes([I32])),
    )
    imported = _sized(b"env") + _sized(b"proxy_add_header_map_value") + bytes([FUNCTION, 0])
    exports = _list(
        _export("memory", MEMORY, 0), _export("proxy_on_response_headers", FUNCTION, 1),
        _export("proxy_abi_version_0_2_1", FUNCTION, 2), _export("malloc", FUNCTION, 3),
    )  # fmt: skip
    code = _list(_sized(answer), _sized(b"\x00\x0b"), _sized(b"\x00" + const(32) + b"\x0b"))
    data = _list(b"\x00" + const(0) + b"\x0b" + _sized(KEY + value))
    return b"\x00asm\x01\x00\x00\x00" + b"".join((
        _section(1, types), _section(2, _list(imported)),
        _section(3, _list(b"\x01", b"\x02", b"\x03")),
        _section(5, _list(b"\x00\x01")), _section(7, exports), _section(10, code),
        _section(11, data),
    ))  # fmt: skip
