from telltale.agent.labels import added, labelled
from telltale.model import peer
from telltale.model.peer import NOBODY

REQUESTS = "envoy_istio_istio_requests_total"
OWN = peer.of("details-v1", "default", {"app": "details", "version": "v1"}, "Kubernetes")
CLIENT = 'reporter="source",peer="ratings-v1;shop;ratings;v1;Kubernetes"'
SERVICE = 'service="ratings.shop.svc.cluster.local;ratings;shop"'
REST = 'response_code="200",response_flags="-",grpc_response_status="",own_principal="",'
REST += 'peer_principal=""'


def told(*lines: str) -> list[str]:
    return labelled("".join(f"{one}\n" for one in lines).encode(), OWN).decode().splitlines()


def test_a_client_names_itself_its_peer_and_the_service():
    name, found = told(
        "# TYPE envoy_istio_istio_requests_total counter",
        f"envoy_istio_istio_requests_total{{{CLIENT},{SERVICE},{REST}}} 5",
    )
    assert name == "# TYPE istio_requests_total counter"
    assert found == (
        'istio_requests_total{reporter="source",source_workload="details-v1",'
        'source_workload_namespace="default",source_principal="unknown",source_app="details",'
        'source_version="v1",source_canonical_service="details",source_canonical_revision="v1",'
        'source_cluster="Kubernetes",destination_workload="ratings-v1",'
        'destination_workload_namespace="shop",destination_principal="unknown",'
        'destination_app="ratings",destination_version="v1",'
        'destination_canonical_service="ratings",destination_canonical_revision="v1",'
        'destination_cluster="Kubernetes",destination_service="ratings.shop.svc.cluster.local",'
        'destination_service_name="ratings",destination_service_namespace="shop",'
        'request_protocol="http",response_code="200",grpc_response_status="",response_flags="-",'
        'connection_security_policy="unknown"} 5'
    )


def test_a_server_believes_a_header_for_labels_and_a_certificate_for_the_principal():
    id = "spiffe://cluster.local/ns/shop/sa/cart"
    [found] = told(
        f'envoy_istio_istio_requests_total{{reporter="destination",peer="a;b;c;d;e;f;g",{SERVICE},'
        f'response_code="0",response_flags="DC",grpc_response_status="14",'
        f'own_principal="",peer_principal="{id}"}} 1'
    )
    for label in ('source_workload="a"', 'source_app="f"', 'source_version="g"',
                  'destination_workload="details-v1"', f'source_principal="{id}"',
                  'connection_security_policy="mutual_tls"', 'request_protocol="grpc"',
                  ):  # fmt: skip
        assert label in found, label


def test_nonsense_from_outside_is_nobody():
    for said in ("", "-", "a;b", ";;;;" * 200, 'x\\"y'):
        [found] = told(f'{REQUESTS}{{reporter="destination",peer="{said}"}} 1')
        assert 'source_workload="unknown"' in found and "} 1" in found, said


def test_a_histogram_keeps_its_bounds():
    head = "envoy_istio_istio_request_bytes"
    found = told(
        f"# TYPE {head} histogram",
        f'{head}_bucket{{{CLIENT},{SERVICE},{REST},le="0.5"}} 1',
        f'{head}_bucket{{{CLIENT},{SERVICE},{REST},le="+Inf"}} 2',
        f"{head}_sum{{{CLIENT},{SERVICE},{REST}}} 3.5",
    )
    assert found[1].startswith("istio_request_bytes_bucket{") and found[1].endswith(',le="0.5"} 1')
    assert found[2].endswith(',le="+Inf"} 2') and found[3].endswith('unknown"} 3.5')


def test_what_is_alike_without_a_label_is_added_up():
    def counted(peer: str, value: str) -> str:
        unwanted = "destination_workload,destination_version,destination_canonical_revision"
        return (f'{REQUESTS}{{reporter="source",peer="{peer}",{SERVICE},'
                f'{REST},without="{unwanted}"}} {value}')  # fmt: skip

    [found] = told(counted("r-v1;shop;r;v1;K", "5"), counted("r-v2;shop;r;v2;K", "7"))
    assert found.endswith("} 12")
    assert "destination_workload=" not in found and "without" not in found
    assert added("0.5", "1") == "1.5"


def test_a_users_own_label_goes_before_ours():
    [found] = told(f'envoy_istio_istio_requests_total{{{CLIENT},{REST},source_app="mine",x="1"}} 1')
    assert 'source_app="mine"' in found and 'x="1"' in found and found.count("source_app") == 1


def test_tcp_has_no_code():
    [found] = told('envoy_istio_istio_tcp_sent_bytes_total{reporter="source",response_flags="-"} 9')
    assert 'request_protocol="tcp"' in found and "response_code" not in found
    assert "grpc" not in found and found.endswith("} 9")


def test_all_else_is_passed_on():
    lines = ["# TYPE envoy_cluster_x counter", 'envoy_cluster_x{a="b"} 1', "",
             "envoy_istio_build 3", "# end"]  # fmt: skip
    assert told(*lines) == lines


def test_a_peer_survives_its_text():
    for labels in ({}, {"app": "a"}, {"app": "a", "version": "v"},
                   {"app": "a", "service.istio.io/canonical-name": "c"}):  # fmt: skip
        one = peer.of("w", "n", labels, "k")
        assert peer.read(str(one)) == one
    assert str(OWN) == "details-v1;default;details;v1;Kubernetes"
    assert peer.read("too;few") is NOBODY
