import pytest

from telltale.agent.settings import Flags, SettingsError, Target, read, read_labels, read_target

POD = {"POD_NAME": "p-1", "POD_NAMESPACE": "shop", "INSTANCE_IP": "172.16.3.7"}


def test_a_plain_pod_gets_the_articles_ports_and_pilot():
    settings = read(POD, Flags())
    assert settings.node_id == "sidecar~172.16.3.7~p-1.shop~shop.svc.cluster.local"
    assert str(settings.target) == "istio-pilot.istio-system:15010"
    ports = settings.ports
    assert (ports.admin, ports.status, ports.prometheus) == (15000, 15020, 15090)
    assert (settings.drain.most_s, settings.drain.envoy_s, settings.concurrency) == (5.0, 45, None)


def test_flags_win_over_proxy_config_and_that_over_the_default():
    config = '{"discoveryAddress": "a:1", "concurrency": 3, "terminationDrainDuration": "500ms"}'
    assert str(read(POD | {"PROXY_CONFIG": config}, Flags()).target) == "a:1"
    settings = read(POD | {"PROXY_CONFIG": config}, Flags(discovery_address="b:2", concurrency=0))
    assert (str(settings.target), settings.concurrency, settings.drain.most_s) == ("b:2", None, 0.5)


def test_metadata_is_what_the_pilot_reads():
    environ = POD | {"ISTIO_META_POD_PORTS": '[{"containerPort":9080}]', "SERVICE_ACCOUNT": "sa"}
    metadata = read(environ, Flags(), 'app="details"\npod-template-hash="5cb"\n').metadata
    assert metadata["NAME"] == "p-1" and metadata["NAMESPACE"] == "shop"
    assert metadata["LABELS"] == {"app": "details"}
    assert metadata["POD_PORTS"] == [{"containerPort": 9080}]
    assert metadata["INTERCEPTION_MODE"] == "REDIRECT" and metadata["SERVICE_ACCOUNT"] == "sa"


def test_labels_are_unquoted():
    assert read_labels('a="x\\"y"\n\nb="2"\n') == {"a": 'x"y', "b": "2"}


@pytest.mark.parametrize(
    "text, target",
    [
        ("h:1", Target("h", 1)),
        ("[::1]:15010", Target("::1", 15010)),
        ("1.2.3.4:65535", Target("1.2.3.4", 65535)),
    ],
)
def test_targets(text, target):
    assert read_target(text) == target
    assert str(target) == text


@pytest.mark.parametrize(
    "change, said",
    [
        ({"PROXY_CONFIG": "{"}, "PROXY_CONFIG is not JSON"),
        ({"PROXY_CONFIG": "[]"}, "PROXY_CONFIG must be a JSON object"),
        (
            {"PROXY_CONFIG": '{"statusPort": 70000}'},
            'PROXY_CONFIG statusPort "70000" is not a port',
        ),
        ({"PROXY_CONFIG": '{"drainDuration": "soon"}'}, 'drainDuration "soon" is not a duration'),
        ({"PROXY_CONFIG": '{"discoveryAddress": 5}'}, "discoveryAddress is 5, must be a text"),
        ({"PROXY_CONFIG": '{"discoveryAddress": "x"}'}, 'discovery address "x" is not HOST:PORT'),
        ({"PROXY_CONFIG": '{"concurrency": -1}'}, 'concurrency "-1" is not a whole number'),
        ({"ISTIO_META_POD_PORTS": "{}"}, "ISTIO_META_POD_PORTS must be a JSON list, is {}"),
        ({"INSTANCE_IP": ""}, "INSTANCE_IP is not set"),
        ({"ISTIO_KUBE_APP_PROBERS": "x"}, "ISTIO_KUBE_APP_PROBERS: not JSON"),
    ],
)
def test_what_cannot_be_used_is_named(change, said):
    with pytest.raises(SettingsError) as caught:
        read(POD | change, Flags())
    assert said in str(caught.value) and "\n" not in str(caught.value)
