"""Template hashes and the revisions found by them."""

import re

from telltale.cluster.controllers.template import made_from, same, template_hash, with_hash
from telltale.kube.apps import ReplicaSet
from telltale.kube.codec import convert

ONE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "x", "image": "1"}]}}
TWO = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "x", "image": "2"}]}}


def test_the_hash_is_spelt_as_kubernetes_spells_it():
    assert re.fullmatch("[bcdfghjklmnpqrstvwxz2456789]{8,10}", template_hash(ONE))
    assert template_hash(ONE) == template_hash(dict(reversed(ONE.items())))
    assert template_hash(ONE) != template_hash(TWO)


def test_a_taken_hash_is_passed_over():
    assert template_hash(ONE, {template_hash(ONE)}) != template_hash(ONE)


def test_the_replica_set_of_a_template_is_found_whatever_its_hash():
    def made(name, template, born):
        meta = {"name": name, "creationTimestamp": born}
        return convert(ReplicaSet, {"metadata": meta, "spec": {"template": template}})

    old = made("old", with_hash(ONE, "whatever"), "2019-01-01T00:00:00Z")
    twin = made("twin", with_hash(ONE, "other"), "2019-01-02T00:00:00Z")
    other = made("other", with_hash(TWO, "x"), "2018-01-01T00:00:00Z")
    assert made_from(ONE, [twin, other, old]) is old
    assert same(with_hash(ONE, "x"), with_hash(ONE, "y")) and not same(ONE, TWO)
