"""From an answer to the error that it means, and back."""

import pytest

from telltale.kube import errors
from telltale.kube.transport import error_of


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (404, b'{"message": "gone"}', errors.NotFound),
        (409, b'{"message": "x", "reason": "Conflict"}', errors.Conflict),
        (409, b'{"message": "x", "reason": "AlreadyExists"}', errors.AlreadyExists),
        (410, b"{}", errors.Gone),
        (503, b"upstream connect error", errors.Unavailable),
        (418, b"", errors.ApiError),
        (500, b"[1, 2]", errors.ApiError),
    ],
)
def test_every_answer_means_an_error_whatever_its_body_is(code, body, kind):
    error = error_of(code, body)
    assert type(error) is kind
    assert str(error)


def test_a_body_that_is_no_json_is_the_message():
    assert str(error_of(503, b"upstream connect error\n")) == "upstream connect error"


def test_an_error_becomes_the_status_that_it_came_from():
    sent = errors.Invalid("spec.ports: bad", {"kind": "Service"}).status()
    assert (sent["code"], sent["reason"]) == (422, "Invalid")
    back = errors.from_status(422, sent)
    assert (type(back), str(back), back.details) == (
        errors.Invalid, "spec.ports: bad", {"kind": "Service"},
    )  # fmt: skip
