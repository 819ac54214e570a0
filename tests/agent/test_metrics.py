import asyncio

from telltale.agent import h1
from telltale.agent.h1 import Answer, Request
from telltale.agent.metrics import Own, Places, merged
from telltale.agent.probed import Scrape

OWN = Own(ready=True, connected=False, stage="dial", walks=3)


def scrape(app_status: int = 200) -> Answer:
    async def envoy(request: Request) -> Answer:
        text = b"# TYPE envoy_istio_istio_requests_total counter\n"
        text += b"envoy_istio_istio_requests_total{} 5\n"
        return Answer(200, text + f"query {request.query}\n".encode())

    async def app(request: Request) -> Answer:
        return Answer(app_status, b"app_requests 7\n# EOF", "application/openmetrics-text")

    async def run() -> Answer:
        ports = [h1.listen(0), h1.listen(0)]
        envoy_port, app_port = (one.getsockname()[1] for one in ports)
        async with asyncio.TaskGroup() as group:
            serving = [
                group.create_task(h1.serve(one, respond))
                for one, respond in zip(ports, (envoy, app), strict=True)
            ]
            places = Places(envoy_port, (Scrape(app_port),))
            answer = await merged(Request("GET", "/metrics", "usedonly"), OWN, places)
            for one in serving:
                one.cancel()
            return answer

    return asyncio.run(run())


def test_agent_then_envoy_then_app():
    answer = scrape()
    text = answer.body.decode()
    agent, envoy, app = (
        text.index(word)
        for word in ("istio_agent_ready 1", 'unknown",request_protocol="http"', "app_requests 7")
    )
    assert agent < envoy < app and text.endswith("# EOF\n")
    assert "envoy_istio_istio" not in text and "query usedonly" in text
    assert answer.content_type == "application/openmetrics-text"
    assert 'istio_agent_pilot_stage{stage="dial"} 1' in text


def test_a_part_that_fails_is_left_out_and_counted():
    text = scrape(app_status=500).body.decode()
    assert "app_requests 7" not in text and "istio_requests_total{reporter=" in text
    assert 'istio_agent_scrape_failed{type="application"} 1' in text
    assert 'istio_agent_scrape_failed{type="envoy"} 0' in text
