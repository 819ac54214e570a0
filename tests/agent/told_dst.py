"""For tests: listens on the PORTs given; tells each caller `PORT-THAT-ANSWERS ORIGINAL-
DESTINATION`.
"""

import selectors
import socket
import struct
import sys

SO_ORIGINAL_DST = 80


def main(ports: list[int]) -> None:
    chosen = selectors.DefaultSelector()
    for port in ports:
        chosen.register(socket.create_server(("0.0.0.0", port)), selectors.EVENT_READ, port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while True:
        for key, _ in chosen.select():
            connection, _ = key.fileobj.accept()
            try:
                raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
                port, address = struct.unpack(">2xH4s8x", raw)
                told = f"{socket.inet_ntoa(address)}:{port}"
            except OSError:
                told = "none"
            connection.sendall(f"{key.data} {told}\n".encode())
            connection.close()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
