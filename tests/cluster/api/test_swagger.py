"""OpenAPI v2 as protobuf; whether kubectl reads it, tests/live/test_kubectl.py asks."""

from telltale.cluster.api import swagger


def test_a_small_document_byte_by_byte():
    document = {"swagger": "2.0", "info": {"title": "K", "version": "v1"}}
    assert swagger.encoded(document) == b"\x0a\x032.0" + b"\x12\x07\x0a\x01K\x12\x02v1"


def test_a_schema_has_what_v2_has_words_for():
    schema = {
        "type": "object",
        "required": ["a"],
        "minimum": 1,
        "additionalProperties": True,
        "x-b": [1],
        "oneOf": [],
    }
    value = b"".join(
        [
            b"\xb2\x01\x08\x0a\x06object",  # 22, a message with 1
            b"\x9a\x01\x01a",  # 19
            b"\x49\x00\x00\x00\x00\x00\x00\xf0\x3f",  # 9, a double
            b"\xaa\x01\x02\x10\x01",  # 21, a message with 2
            b"\xfa\x01\x0c\x0a\x03x-b\x12\x05\x12\x03[1]",  # 31, a name and its YAML
        ]
    )
    made = swagger.encoded({"definitions": {"W": schema}})
    assert made.endswith(b"\x0a\x01W\x12" + bytes([len(value)]) + value)  # no word for oneOf


def test_the_whole_document_is_asked_for_by_kubectls_odd_name(ask):
    asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    told = ask("GET", "/openapi/v2", headers={"accept": asked})
    assert told.code == 200
    assert told.raw.startswith(b"\x0a\x032.0")
    assert b"io.k8s.api.core.v1.Pod" in told.raw
    assert ask("GET", "/openapi/v2").body["swagger"] == "2.0"
