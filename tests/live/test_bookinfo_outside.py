"""Bookinfo's examples with others beside it: databases, a machine, a service outside, limits.

MariaDB and Redis are Debian's. What is outside is pods without sidecars: nothing leaves here.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.cluster import LiveCluster, until
from tests.live.shop import Browser, applied, shows
from tests.pilot.certificates import pair

pytestmark = [pytest.mark.live, pytest.mark.root]
RATINGS = "networking/virtual-service-ratings-"


@pytest.fixture(scope="module")
def shop(cluster: LiveCluster) -> Iterator[LiveCluster]:
    cluster.wait_ready()
    with applied(cluster, "networking/bookinfo-gateway", "networking/destination-rule-all"):
        yield cluster


def rolled(cluster: LiveCluster, *deployments: str, namespace: str = "default") -> None:
    for one in deployments:
        cluster.kubectl("rollout", "status", "-n", namespace, f"deployment/{one}",
                        "--timeout=90s", limit_s=100)  # fmt: skip


def wait_stars(first: int, second: int) -> None:
    def others() -> str:
        found = Browser().get("/api/v1/products/0/ratings")[1]
        wanted = {"id": 0, "ratings": {"Reviewer1": first, "Reviewer2": second}}
        return "" if found == json.dumps(wanted) else found

    until(others, 30, f"ratings of {first} and {second}")


def test_ratings_from_a_database(shop: LiveCluster) -> None:
    """Its list is changed behind everybody's back, and the page shows it."""
    with applied(shop, "platform/bookinfo-db", "platform/bookinfo-ratings-v2"):
        rolled(shop, "ratingsdb-v1", "ratings-v2")
        with applied(shop, f"{RATINGS}db"):
            shows("red")
            shop.kubectl("exec", "deploy/ratingsdb-v1", "-c", "ratingsdb", "--",
                         "redis-cli", "lset", "ratings", "0", "1")  # fmt: skip
            wait_stars(1, 4)
            assert 'aria-label="1 out of 5 stars"' in Browser().page()


def test_ratings_from_mysql_in_the_mesh_and_on_a_machine_outside(shop: LiveCluster) -> None:
    if not shutil.which("mariadbd", path="/usr/sbin:/usr/bin"):
        pytest.skip("not installed: mariadb-server (make test installs it)")
    needed = ("mysql", "ratings-v2-mysql", "mysql-vm", "ratings-v2-mysql-vm")
    with applied(shop, *(f"platform/bookinfo-{one}" for one in needed)):
        rolled(shop, "machine-v1", namespace="outside")
        rolled(shop, "mysqldb-v1", "ratings-v2-mysql", "ratings-v2-mysql-vm")
        with applied(shop, f"{RATINGS}mysql"):
            shows("red")
            sql = "update ratings set Rating = 3 where ReviewID = 1"
            shop.kubectl("exec", "deploy/mysqldb-v1", "-c", "mysqldb", "--", "mariadb",
                         "-S", "/data/socket", "-u", "root", "test", "-e", sql)  # fmt: skip
            wait_stars(3, 4)
        machine = shop.pod_address("machine-v1", "outside")
        spec = json.dumps({"spec": {"address": machine}})
        shop.kubectl("patch", "workloadentry", "-n", "vm", "mysqldb", "--type=merge", "-p", spec)
        with applied(shop, f"{RATINGS}mysql-vm"):
            wait_stars(2, 1)
            shows("red")


@pytest.fixture
def authority(shop: LiveCluster, tmp_path: Path) -> Iterator[None]:
    """Secrets with a certificate for www.googleapis.com, and its authority for who asks it."""
    made, there = pair("www.googleapis.com"), ("outside", "default")
    for name, content in {"tls.crt": made.chain, "tls.key": made.key, "ca.crt": made.chain}.items():
        (tmp_path / name).write_bytes(content)
    shop.kubectl("create", "namespace", "outside", check=False)
    names = ("googleapis", "googleapis-ca")
    for name, space, keys in zip(names, there, (("tls.crt", "tls.key"), ("ca.crt",)), strict=True):
        given = [f"--from-file={key}={tmp_path / key}" for key in keys]
        shop.kubectl("create", "secret", "generic", name, "-n", space, *given)
    yield
    for name, space in zip(names, there, strict=True):
        shop.kubectl("delete", "secret", name, "-n", space, "--ignore-not-found")


def test_details_from_outside_over_tls_that_the_sidecar_makes(
    shop: LiveCluster, authority: None
) -> None:
    def publisher() -> str:
        return str(json.loads(Browser().get("/api/v1/products/0")[1] or "{}").get("publisher"))

    with applied(shop, "platform/bookinfo-googleapis", "platform/bookinfo-details-v2",
                 "networking/virtual-service-details-v2"):  # fmt: skip
        rolled(shop, "googleapis-v1", namespace="outside")
        rolled(shop, "details-v2")
        until(lambda: "" if "currently unavailable" in Browser().page() else "v1", 30,
              "details v2 to find nobody")  # fmt: skip
        with applied(shop, "networking/egress-rule-google-apis"):
            until(lambda: "" if publisher() == "A Publisher Outside" else publisher(), 30,
                  "details from outside")  # fmt: skip
            assert "9780486424613" in Browser().page()


def test_versions_of_ratings_that_misbehave(shop: LiveCluster) -> None:
    """Asked directly, without a sidecar's retries in between."""
    with applied(shop, "platform/bookinfo-ratings-moods"):
        rolled(shop, *(f"ratings-v-{one}" for one in ("faulty", "delayed", "unavailable",
                                                      "unhealthy")))  # fmt: skip
        for mood, wanted in {"faulty": {200, 503}, "unhealthy": {200}}.items():
            address = shop.pod_address(f"ratings-v-{mood}")
            told = shop.kubectl(
                "exec", "deploy/productpage-v1", "-c", "istio-proxy", "--", "sh", "-c",
                f"for i in $(seq 40); do curl -s -o /dev/null -w '%{{http_code}} ' "
                f"http://{address}:9080/ratings/0; done",
            )  # fmt: skip
            assert {int(one) for one in told.split()} == wanted


def test_a_limit_for_all_gateways_together(shop: LiveCluster) -> None:
    """Three product pages an hour; everything else is free. Envoy asks a service over gRPC."""
    with applied(shop, "policy/ratelimit"):
        rolled(shop, "ratelimit-v1")
        with applied(shop, "policy/productpage_envoy_ratelimit"):
            until(lambda: "" if Browser().get()[0] == 429 else "429", 30, "the limit to be met")
            assert Browser().get("/api/v1/products")[0] == 200
            counted = shop.kubectl("logs", "deploy/ratelimit-v1", "-c", "ratelimit")
            asked = [line for line in counted.splitlines() if "'/productpage'" in line]
            assert [("over=True" in line) for line in asked[:4]] == [False, False, False, True]
    until(lambda: "" if Browser().get()[0] == 200 else "429", 30, "the limit to be gone")


def test_a_limit_of_each_sidecar(shop: LiveCluster) -> None:
    """A bucket of four tokens, in the sidecar of productpage."""
    with applied(shop, "policy/productpage_local_ratelimit"):
        until(lambda: "" if Browser().get("/api/v1/products")[0] == 429 else "429", 30,
              "the bucket to be empty")  # fmt: skip
        said = subprocess.run(
            ["curl", "-sS", "-m", "5", "-o", "/dev/null", "-D", "-",
             f"http://{shop.service_address('productpage')}:9080/productpage"],
            capture_output=True, text=True, check=True,
        ).stdout.lower()  # fmt: skip
        assert "429" in said.splitlines()[0]
        assert "x-local-rate-limit: true" in said
    until(lambda: "" if Browser().get()[0] == 200 else "429", 30, "the limit to be gone")
