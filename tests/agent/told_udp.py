"""For tests: hears datagrams at ADDRESS on the PORTs given, and answers each with its own port."""

import selectors
import socket
import sys


def main(address: str, ports: list[int]) -> None:
    chosen = selectors.DefaultSelector()
    for port in ports:
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.bind((address, port))
        chosen.register(heard, selectors.EVENT_READ, port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while True:
        for key, _ in chosen.select():
            _, peer = key.fileobj.recvfrom(99)
            key.fileobj.sendto(str(key.data).encode(), peer)


if __name__ == "__main__":
    main(sys.argv[1], [int(word) for word in sys.argv[2:]])
