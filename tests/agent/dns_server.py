"""A DNS server for tests: silent until SIGUSR1, then it knows the pilot's name. Arguments: IP of
the pilot.
"""

import signal
import socket
import sys

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

NAME = "istio-pilot.istio-system.svc.cluster.local."


def main(address: str, silent: bool) -> None:
    answering = not silent

    def wake(number: int, frame: object) -> None:
        nonlocal answering
        answering = True

    signal.signal(signal.SIGUSR1, wake)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while True:
        data, peer = server.recvfrom(2048)
        if answering:
            server.sendto(answer(dns.message.from_wire(data), address), peer)


def answer(query: dns.message.Message, address: str) -> bytes:
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    asked = query.question[0]
    if asked.name.to_text().lower() != NAME:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif asked.rdtype == 1:
        reply.answer.append(dns.rrset.from_text(asked.name, 5, "IN", "A", address))
    return reply.to_wire()


if __name__ == "__main__":
    main(sys.argv[1], "--silent" in sys.argv)
