"""The one program in the pods of these tests: it serves, counts and fails as told, and asks others.

What is asked comes to `APP`, through the sidecar; the test speaks to `CONTROL`, past it:
`GET /told` what has come, `POST /be` how to answer from now on, `POST /ask` what to ask of others.
"""

import http.client
import json
import socket
import threading
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

APP, CONTROL = 8080, 9090
ME = socket.gethostname()
WELL = {"status": 200, "wait_s": 0.0}


class Told:
    """What has come since it was last forgotten, and how this pod answers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.how = dict(WELL)
        self.forget()

    def forget(self):
        self.ids, self.hosts, self.now, self.most = Counter(), Counter(), 0, 0

    def came(self, id, host):
        """How often that id has come by now."""
        with self.lock:
            self.ids[id] += 1
            self.hosts[host] += 1
            self.now += 1
            self.most = max(self.most, self.now)
            return self.ids[id]

    def went(self):
        with self.lock:
            self.now -= 1


TOLD = Told()


class Spoken(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet, or the other side's ack is waited for

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def say(self, status, said, **headers):
        text = json.dumps(said).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", **headers, "Content-Length": len(text)}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)


class App(Spoken):
    def answer(self):
        """As the pod is told to be; the first N of an id as its header `x-first: N STATUS WAIT`."""
        self.body()
        turn = TOLD.came(self.headers.get("x-id", ""), self.headers.get("Host", ""))
        try:
            status, wait_s = TOLD.how["status"], TOLD.how["wait_s"]
            count, first, first_s = self.headers.get("x-first", "0 0 0").split()
            if turn <= int(count):
                status, wait_s = int(first), float(first_s)
            time.sleep(wait_s)
            named = {name.lower(): ",".join(self.headers.get_all(name)) for name in self.headers}
            self.say(
                status,
                {"pod": ME, "method": self.command, "path": self.path, "headers": named},
                x_inner="yes", x_pod=ME,
            )  # fmt: skip
        except ConnectionError:
            self.close_connection = True  # who gives up does not wait for the answer
        finally:
            TOLD.went()

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = answer


class Control(Spoken):
    def do_GET(self):
        self.say(200, {"ids": TOLD.ids, "hosts": TOLD.hosts, "most": TOLD.most})

    def do_POST(self):
        given = json.loads(self.body())
        if self.path == "/be":
            TOLD.how = WELL | given
            TOLD.forget()
            self.say(200, TOLD.how)
        else:
            self.say(200, ask(**given))


def ask(asks, at_once=1, every_s=0.0, fresh=False, brief=False):
    """The answers in the order of `asks`, by as many connections, or each by a new one.

    With `every_s`, so far apart as a whole. Each connection has its own asks: the first has the
    first, the one after the last connection the first again.
    """
    began, answers = time.monotonic(), [None] * len(asks)

    def caller(own):
        links = {}
        for number in range(own, len(asks), at_once):
            time.sleep(max(0.0, began + number * every_s - time.monotonic()))
            answers[number] = one(links, asks[number], brief)
            if fresh or number + at_once >= len(asks):
                close(links)

    with ThreadPoolExecutor(at_once) as callers:
        list(callers.map(caller, range(at_once)))
    return answers


def one(links, asked, brief):
    """`brief`: the status and the pod that answered, or what came instead of an answer."""
    url = urllib.parse.urlsplit(asked["url"])
    link = links.setdefault(url.netloc, http.client.HTTPConnection(url.netloc, timeout=20))
    path = url._replace(scheme="", netloc="").geturl() or "/"
    try:
        link.request(asked.get("method", "GET"), path, headers=asked.get("headers", {}))
        reply = link.getresponse()
        text = reply.read().decode()
    except (OSError, http.client.HTTPException) as error:
        close(links)
        return f"{type(error).__name__}: {error}" if brief else {"status": 0, "text": str(error)}
    headers = {name.lower(): value for name, value in reply.headers.items()}
    if brief:
        return f"{reply.status} {headers.get('x-pod', '-')}"
    said = json.loads(text) if headers.get("x-inner") and text else {}
    return {"status": reply.status, "headers": headers, "said": said, "text": text}


def close(links):
    for link in links.values():
        link.close()
    links.clear()


def main():
    app = ThreadingHTTPServer(("", APP), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", CONTROL), Control).serve_forever()


if __name__ == "__main__":
    main()
