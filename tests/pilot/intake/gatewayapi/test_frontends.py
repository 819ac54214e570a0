"""What a Gateway asks of its clients' certificates."""

from dataclasses import replace

from telltale.model.gateway import Credential, Ends
from telltale.pilot.intake.status import About, settled
from tests.pilot.certificates import pair
from tests.pilot.intake.gatewayapi.test_gateways import (
    HTTP,
    KINDS,
    WORLD,
    found,
    gateway,
    https,
    listener,
    top,
)

ONE, TWO = pair("one").chain.decode(), pair("two").chain.decode()
HELD = replace(
    WORLD, texts={("edge", "one"): {"ca.crt": ONE}, ("vault", "two"): {"ca.crt": TWO}},
    credentials={**WORLD.credentials, Credential("ca", "edge", authority=True): ""},
)  # fmt: skip
MAP = "{group: '', kind: ConfigMap, name: one}"


def asks(refs: str, more: str = "") -> str:
    validation = f"{{caCertificateRefs: [{refs}]{more}}}"
    return f", tls: {{frontend: {{default: {{validation: {validation}}}}}}}"


def ends(refs: str, more: str = ""):
    given = found(gateway(https("{name: cert}"), asks(refs, more)), world=HELD)
    return given.gateways[0].servers[0].tls if given.gateways else given


def test_authorities_of_configmaps_or_of_a_secret():
    tls = ends(MAP)
    assert (tls.ends, tls.trusted, tls.judges) == (Ends.MUTUAL, ONE, None)
    tls = ends("{group: '', kind: Secret, name: ca}")
    assert (tls.ends, tls.trusted, tls.judges) == (Ends.MUTUAL, "",
                                                   Credential("ca", authority=True))  # fmt: skip


def test_without_any_authority_nobody_is_served_there_and_all_else_is():
    for refs, reason in (
        ("{group: '', kind: ConfigMap, name: none}", "InvalidCACertificateRef"),
        ("{group: x.y, kind: Odd, name: one}", "InvalidCACertificateKind"),
        ("{group: '', kind: ConfigMap, name: two, namespace: vault}", "RefNotPermitted"),
    ):
        given = found(gateway(f"{https('{name: cert}')}, {HTTP}", asks(refs)), world=HELD)
        assert listener(given)["ResolvedRefs"] == ("False", reason)
        assert listener(given)["Accepted"] == ("False", "NoValidCACertificate")
        assert listener(given)["Programmed"] == ("False", "Invalid")
        assert listener(given, 1)["Accepted"] == ("True", "Accepted")
        assert [one.servers[0].port for one in given.gateways] == [80]


def test_what_is_granted_is_joined_to_what_is_there():
    grant = "{kind: ReferenceGrant, metadata: {name: g, namespace: vault}, spec: {from: [{group: " \
            "gateway.networking.k8s.io, kind: Gateway, namespace: edge}], to: [{group: '', " \
            "kind: ConfigMap}]}}"  # fmt: skip
    refs = f"{MAP}, {{group: '', kind: ConfigMap, name: two, namespace: vault}}"
    given = found(gateway(https("{name: cert}"), asks(refs)), grant, world=HELD)
    assert given.gateways[0].servers[0].tls.trusted == f"{ONE}\n{TWO}"
    given = found(gateway(https("{name: cert}"), asks(refs)), world=HELD)
    assert given.gateways[0].servers[0].tls.trusted == ONE
    assert listener(given)["Accepted"] == ("True", "Accepted")


def test_a_port_may_ask_for_something_else():
    more = ("frontend: {default: {validation: {caCertificateRefs: [MAP]}}, perPort: "
            "[{port: 443, tls: {}}]}").replace("MAP", MAP)  # fmt: skip
    given = found(gateway(https("{name: cert}"), f", tls: {{{more}}}"), world=HELD)
    assert given.gateways[0].servers[0].tls.ends is Ends.SIMPLE


def test_who_lets_everybody_in_is_told_for_as_long_as_it_is_so():
    more = ", mode: AllowInsecureFallback"
    tls = ends(MAP, more)
    assert (tls.ends, tls.unverified) == (Ends.OPTIONAL_MUTUAL, True)
    place = About(KINDS["Gateway"], "edge", "gw")
    given = found(gateway(https("{name: cert}"), asks(MAP, more)), world=HELD)
    assert top(given)["InsecureFrontendValidationMode"] == ("True", "ConfigurationChanged")
    known = settled({}, given.statuses[place], "then")
    after = found(gateway(https("{name: cert}"), asks(MAP)), world=HELD)
    later = settled(known, after.statuses[place], "now")
    assert [one["type"] for one in later["conditions"]] == ["Accepted", "Programmed"]
