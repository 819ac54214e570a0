"""Text: the article's case to the letter, one line when well, one screen always."""

from dataclasses import replace

import pytest
from story import sick, why
from worlds import Cluster

from telltale.why.answer import Cost
from telltale.why.causes.every import CAUSES
from telltale.why.path import ASCII
from telltale.why.report import Look, Role, render

ARTICLE = """\
✗ namespace default: 6 of 6 pods not ready

  path   kubelet ─✓─ agent :15020 ─✓─ envoy ─·─ pilot
                       └─✗─ DNS 172.19.0.10:53   ← broken here

error[dns-service-moved]: pods ask a DNS address that is no longer the cluster's DNS
   ┌ service kube-system/kube-dns   spec.clusterIP
   │ expected  172.19.0.10
   └ found     {now}
  because
   1 6 pods of default not ready: istio-proxy has no configuration from the pilot
   2 istio-proxy cannot find the pilot: lookup istio-pilot.istio-system on 172.19.0.10:53: i/o
     timeout
   3 pods ask 172.19.0.10 (nameserver in /etc/resolv.conf), and no Service has that address
   4 the cluster's DNS, Service kube-system/kube-dns, is at {now} now
  evidence
   1 {pod} is not ready: 1/2
"""


def test_article_to_the_letter():
    cluster = sick("dns-service-moved")
    now = cluster.objects["Service", "kube-system", "kube-dns"]["spec"]["clusterIP"]
    pod = cluster.pod("details-v1")["metadata"]["name"]
    text = render(why(cluster))
    assert text.startswith(ARTICLE.format(now=now, pod=pod))
    assert "affected  6 pods of default" in text
    assert "kubectl replace --force -f -" in text
    assert text.endswith("API calls · 0.00 s · exit 2")


def test_well_is_one_line():
    assert render(why(Cluster.well())) == "✓ namespace default: healthy, 6 pods ready (6 x 2/2)"


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_one_screen(name: str):
    lines = render(why(sick(name))).splitlines()
    rows = sum(max(1, -(-len(line) // 100)) for line in lines)
    assert rows <= 42 and len(lines) <= 40


def test_plain_terminals_get_ascii():
    text = render(why(sick("pilot-scaled-to-zero")), Look(glyphs=ASCII))
    assert text.isascii()
    assert "envoy -X- pilot istio-pilot.istio-system:15010   <- broken here" in text


def test_colour_is_a_function_of_the_caller():
    def paint(role: Role, text: str) -> str:
        return f"<{role}>{text}</>"

    answer = replace(why(Cluster.well()), cost=Cost(7, 0, 1.0))
    assert render(answer, Look(paint=paint)).startswith("<good>✓</>")
