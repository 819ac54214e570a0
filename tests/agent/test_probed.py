import pytest

from telltale.agent.probed import (
    AppProbe,
    Grpc,
    HttpGet,
    Scrape,
    TcpSocket,
    read_app_probes,
    read_scrapes,
)


def test_each_kind_of_probe():
    text = """{"/app-health/a/readyz": {"httpGet": {"path": "ok", "port": 80, "scheme": "HTTPS",
      "httpHeaders": [{"name": "X", "value": "1"}]}, "timeoutSeconds": 3},
      "/app-health/a/livez": {"tcpSocket": {"port": 81}},
      "/app-health/b/livez": {"grpc": {"port": 82}}}"""
    assert read_app_probes(text) == {
        "/app-health/a/readyz": AppProbe(HttpGet(80, "/ok", "https", (("X", "1"),)), 3.0),
        "/app-health/a/livez": AppProbe(TcpSocket(81)),
        "/app-health/b/livez": AppProbe(Grpc(82)),
    }


@pytest.mark.parametrize(
    "text, said",
    [
        ('{"/p": {}}', "/p has none of httpGet, tcpSocket, grpc"),
        ('{"/p": {"httpGet": {"port": "http"}}}', "/p: port 'http' is not a port"),
        ('{"/p": 5}', "/p is 5, must be a JSON object"),
    ],
)
def test_what_cannot_be_read_names_the_probe(text, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        read_app_probes(text)


def test_scrapes():
    assert read_scrapes("") == ()
    assert read_scrapes('{"scrape": "false", "port": "80"}') == ()
    assert read_scrapes('{"scrape": "true", "port": "9080"}') == (Scrape(9080, "/metrics"),)
