"""BackendTLSPolicies: what holds for a Service, and what is said."""

from dataclasses import replace

import yaml

from telltale.kube import codec
from telltale.kube.gatewayapi.kinds import BACKEND_TLS_POLICY
from telltale.kube.meta import Config, Meta
from telltale.model.policy import Balancing, Policy, Tls, TlsMode, Traffic
from telltale.model.scope import Origin, Scope
from telltale.model.service import Port, Protocol, Service
from telltale.pilot.intake.gatewayapi.tlspolicies import NOBODY, laid, read
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.status import About
from tests.pilot.certificates import pair

HOST = "pay.bank.svc.cluster.local"
PAY = Service("pay", "bank", HOST, (Port(443, Protocol.TLS, "https"), Port(80, Protocol.HTTP)))
WORLD = World("cluster.local", {HOST: PAY})


def policy(spec: str, name: str = "a", created: str = "2026-01-01T00:00:00Z") -> Config:
    meta = Meta(name=name, namespace="bank", generation=4, creation_timestamp=created)
    return codec.convert(Config, {"metadata": codec.to_object(meta), "spec": yaml.safe_load(spec)})


def text(pem: str) -> World:
    """The world with authorities in a ConfigMap."""
    return replace(WORLD, texts={("bank", "ca"): {"ca.crt": pem}})


TARGET = "targetRefs: [{group: '', kind: Service, name: pay}]"
FROM_MAP = "validation: {hostname: pay.example, caCertificateRefs: " \
           "[{group: '', kind: ConfigMap, name: ca}]}"  # fmt: skip
SYSTEM = "validation: {hostname: pay.example, wellKnownCACertificates: System}"


def said(found, name: str = "a") -> dict:
    [one] = found.statuses[About(BACKEND_TLS_POLICY, "bank", name)]["ancestors"]
    assert one["ancestorRef"] == {"group": "", "kind": "Service", "name": "pay"}
    return {each["type"]: (each["status"], each["reason"]) for each in one["conditions"]}


def test_authorities_of_a_configmap_and_of_the_system():
    pem = pair("authority").chain.decode()
    found = read([policy(f"{{{TARGET}, {FROM_MAP}}}")], text(pem), [])
    [one] = found.policies
    assert one.host == HOST
    assert one.traffic.tls == Tls(TlsMode.SIMPLE, sni="pay.example", sans=("pay.example",),
                                  authorities=pem)  # fmt: skip
    assert said(found) == {"Accepted": ("True", "Accepted"),
                           "ResolvedRefs": ("True", "ResolvedRefs")}  # fmt: skip
    [one] = read([policy(f"{{{TARGET}, {SYSTEM}}}")], WORLD, []).policies
    assert one.traffic.tls.authorities == ""


def test_without_an_authority_nothing_goes_through():
    for world in (WORLD, text("nonsense")):
        found = read([policy(f"{{{TARGET}, {FROM_MAP}}}")], world, [])
        assert found.policies[0].traffic.tls.sans == (NOBODY,)
        assert said(found) == {"Accepted": ("False", "NoValidCACertificate"),
                               "ResolvedRefs": ("False", "InvalidCACertificateRef")}  # fmt: skip


def test_the_oldest_holds_and_a_port_can_be_named():
    given = [policy(f"{{{TARGET}, {SYSTEM}}}", "young", "2026-01-02T00:00:00Z"),
             policy(f"{{{TARGET}, {SYSTEM}}}", "old")]  # fmt: skip
    found = read(given, WORLD, [])
    assert [one.origin.name for one in found.policies] == ["old"]
    assert said(found, "young")["Accepted"] == ("False", "Conflicted")
    one_port = TARGET.replace("name: pay", "name: pay, sectionName: https")
    [one] = read([policy(f"{{{one_port}, {SYSTEM}}}")], WORLD, []).policies
    assert (one.traffic.tls, set(one.ports)) == (None, {443})
    wrong = one_port.replace("https", "none")
    found = read([policy(f"{{{wrong}, {SYSTEM}}}")], WORLD, [])
    assert said(found)["Accepted"] == ("False", "TargetNotFound")


def test_alternative_names_are_asked_for_instead_of_the_hostname():
    names = "subjectAltNames: [{type: Hostname, hostname: b.example}, {type: URI, uri: 'x://y'}]"
    spec = f"{{{TARGET}, {SYSTEM[:-1]}, {names}}}}}"
    [one] = read([policy(spec)], WORLD, []).policies
    assert one.traffic.tls.sans == ("b.example", "x://y")


def test_it_is_laid_upon_what_a_destination_rule_says():
    rule = Policy(Origin("", "r", "bank"), Scope(), HOST, Traffic(balancing=Balancing()))
    [one] = read([policy(f"{{{TARGET}, {SYSTEM}}}")], WORLD, []).policies
    [both] = laid([one], [rule])
    assert (both.traffic.balancing, both.traffic.tls) == (rule.traffic.balancing, one.traffic.tls)
    assert laid([one], []) == [one]
