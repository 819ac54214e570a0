"""A book service outside of the mesh: `books.py PORT CERTIFICATE KEY` speaks TLS, and nothing else.

It stands in for www.googleapis.com, so that details v2 has somebody to ask on a machine that
nothing may leave. Never: a word of HTTP in plaintext.
"""

import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VOLUME = {
    "title": "The Comedy of Errors",
    "authors": ["William Shakespeare"],
    "publisher": "A Publisher Outside",
    "publishedDate": "2002-01-01",
    "industryIdentifiers": [
        {"type": "ISBN_10", "identifier": "0486424618"},
        {"type": "ISBN_13", "identifier": "9780486424613"},
    ],
    "pageCount": 64,
    "printType": "BOOK",
    "language": "en",
}


class Books(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.path == "/books/v1/volumes?q=isbn:0486424618"
        told = {"totalItems": 1, "items": [{"volumeInfo": VOLUME}]} if known else {"totalItems": 0}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    if len(sys.argv) != 4 or not sys.argv[1].isdigit():
        sys.exit("usage: books.py PORT CERTIFICATE KEY")
    server = ThreadingHTTPServer(("", int(sys.argv[1])), Books)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"books: listening on 0.0.0.0:{sys.argv[1]}", flush=True)
    server.serve_forever()
