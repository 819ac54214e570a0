"""Bodies as kubectl sends them: magic, envelope, message; and bytes that are none."""

import base64
import contextlib

import pytest
from hypothesis import given, strategies as st

from telltale.kube.codec import Malformed
from telltale.kube.wire import protobuf
from telltale.kube.wire.messages import Shape, messages

# Captured from kubectl 1.32: create configmap c1 --from-literal=a=1
CONFIG_MAP = "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhwKEgoCYzESABoAIgAqADIAOABCABIGCgFhEgExGgAiAA=="
# ... and: create deployment d1 --image=nginx --replicas=2 --port=80
DEPLOYMENT = (
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErQBCh0KAmQxEgAaACIAKgAyADgAQgBaCQoDYXBwEgJkMRKEAQgCEgsKCQoD"
    "YXBwEgJkMRprChsKABIAGgAiACoAMgA4AEIAWgkKA2FwcBICZDESTBIuCgVuZ2lueBIFbmdpbngqADIKCgAQABhQIgAqAEIA"
    "agByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA=="
)


def number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(at: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return number(at << 3) + number(value & (1 << 64) - 1)
    data = value.encode() if isinstance(value, str) else value
    return number(at << 3 | 2) + number(len(data)) + data


def body(api_version: str, kind: str, message: bytes) -> bytes:
    meta = field(1, api_version) + field(2, kind)
    return protobuf.MAGIC + field(1, meta) + field(2, message)


def test_a_body_of_kubectl():
    found = protobuf.decode(base64.b64decode(CONFIG_MAP))
    assert (found["apiVersion"], found["kind"]) == ("v1", "ConfigMap")
    assert found["metadata"]["name"] == "c1"
    assert found["data"] == {"a": "1"}
    spec = protobuf.decode(base64.b64decode(DEPLOYMENT))["spec"]
    assert (spec["replicas"], spec["selector"]) == (2, {"matchLabels": {"app": "d1"}})
    (container,) = spec["template"]["spec"]["containers"]
    assert (container["name"], container["image"]) == ("nginx", "nginx")
    assert container["ports"][0]["containerPort"] == 80


def test_the_odd_types():
    port = field(1, "http") + field(3, 80) + field(4, field(1, 1) + field(3, "web"))
    numbered = field(3, 81) + field(4, field(1, 0) + field(2, 8080))
    service = field(
        2, field(1, port) + field(1, numbered) + field(2, field(1, "a") + field(2, "b"))
    )
    spec = protobuf.decode(body("v1", "Service", service))["spec"]
    assert spec["ports"][0] == {"name": "http", "port": 80, "targetPort": "web"}
    assert spec["ports"][1] == {"port": 81, "targetPort": 8080}
    assert spec["selector"] == {"a": "b"}


def test_bytes_quantities_times_and_negative_numbers():
    secret = field(2, field(1, "k") + field(2, b"\x00\xff")) + field(1, field(8, field(1, 0)))
    found = protobuf.decode(body("v1", "Secret", secret))
    assert found["data"] == {"k": "AP8="}
    assert found["metadata"]["creationTimestamp"] == "1970-01-01T00:00:00Z"
    limits = field(1, field(1, "cpu") + field(2, field(1, "500m")))
    container = field(1, "a") + field(8, limits)
    template = field(2, field(2, container))
    spec = field(1, -1) + field(3, template)
    made = protobuf.decode(body("apps/v1", "Deployment", field(2, spec)))
    assert made["spec"]["replicas"] == -1
    (one,) = made["spec"]["template"]["spec"]["containers"]
    assert one["resources"] == {"limits": {"cpu": "500m"}}


def test_inlined_messages_have_no_name_of_their_own():
    reference = field(1, field(1, "settings")) + field(2, "key")
    env = field(1, "E") + field(3, field(3, reference))
    container = field(2, field(2, field(1, "a") + field(7, env)))
    found = protobuf.decode(body("v1", "Pod", container))
    source = found["spec"]["containers"][0]["env"][0]["valueFrom"]
    assert source == {"configMapKeyRef": {"name": "settings", "key": "key"}}


def test_unknown_fields_are_skipped():
    assert "kind" in protobuf.decode(body("v1", "ConfigMap", field(99, "future") + field(98, 5)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", "no k8s prefix"),
        (b"k8s\x00", "no protobuf message known for kind ''"),
        (body("v1", "Nonsense", b""), "no protobuf message known for kind 'Nonsense'"),
        (body("v1", "ConfigMap", b"\x0a\xff"), "unexpected end of data"),
        (body("v1", "ConfigMap", b"\xff" * 12), "unexpected end of data"),
        (body("v1", "ConfigMap", field(1, 5)), "a number where bytes belong"),
        (body("v1", "ConfigMap", field(1, field(1, b"\xff"))), "not UTF-8"),
        (body("v1", "ConfigMap", b"\x0b"), "unknown wire type 3"),
    ],
)
def test_what_is_no_body(data, why):
    with pytest.raises(Malformed, match=why):
        protobuf.decode(data)


@given(st.binary(max_size=64), st.sampled_from(["ConfigMap", "Deployment", "Pod", "Role"]))
def test_any_bytes_decode_or_are_malformed(data, kind):
    with contextlib.suppress(Malformed):
        protobuf.decode(body("v1", kind, data))


def test_every_type_in_the_table_is_known():
    plain = {
        "string",
        "bytes",
        "bool",
        "int",
        "Quantity",
        "Time",
        "MicroTime",
        "IntOrString",
        "FieldsV1",
    }
    for name, fields in messages().items():
        for one in fields.values():
            assert one.type in plain or one.type in messages(), f"{name}.{one.name}"
            assert one.name != "*" or one.shape is Shape.ONE
