"""What a cluster may be started with, and who holds its directory."""

import os
from pathlib import Path

import pytest

from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home, default_home


def test_the_defaults_are_the_article_s_and_can_be():
    settings = ClusterSettings()
    settings.check()
    assert (settings.node_address, settings.api_service_address) == ("172.16.3.1", "172.19.0.1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pod_cidr": "172.16.0.0"}, "--node-cidr"),
        ({"pod_cidr": "172.16.0.1/16"}, "--pod-cidr 172.16.0.1/16"),
        ({"pod_cidr": "fd00::/64"}, "--pod-cidr fd00::/64"),
        ({"node_cidr": "10.0.0.0/24"}, "is not inside --pod-cidr 172.16.0.0/16"),
        ({"node_cidr": "172.16.3.0/29"}, "at least a /28"),
        ({"service_cidr": "172.16.8.0/24", "dns_address": "172.16.8.10"}, "overlap"),
        ({"dns_address": "kube-dns"}, "--dns-address kube-dns is not an IPv4 address"),
        ({"dns_address": "172.16.3.10"}, "not inside --service-cidr 172.19.0.0/16"),
        ({"dns_address": "172.19.0.1"}, "--dns-address 172.19.0.1 is taken"),
        ({"api_port": 0}, "--api-port 0"),
        ({"api_port": 65536}, "--api-port 65536"),
        ({"upstream_dns": ("9.9.9.9", "dns.example")}, "--upstream-dns dns.example"),
        ({"egress_cidrs": ("10.0.0.0/8", "everywhere")}, "--egress-cidr everywhere"),
    ],
)
def test_what_cannot_be_is_refused_with_its_flag(changes: dict[str, object], said: str):
    with pytest.raises(Refused) as caught:
        ClusterSettings(**changes).check()
    assert said in str(caught.value)


def test_settings_survive_and_old_files_are_read(tmp_path: Path):
    home = Home(tmp_path / "home")
    assert home.settings() is None
    chosen = ClusterSettings(api_port=7443, egress_cidrs=("10.0.0.0/8",))
    home.save(chosen)
    assert home.settings() == chosen
    home.settings_file.write_text('{"api_port": 7443, "of_a_later_version": true}')
    assert home.settings() == ClusterSettings(api_port=7443)


@pytest.mark.parametrize("text", ["", "{", '{"api_port": "many"}'])
def test_spoilt_settings_are_named(tmp_path: Path, text: str):
    home = Home(tmp_path)
    home.settings_file.write_text(text)
    with pytest.raises(Refused, match=r"settings\.json: cannot be read"):
        home.settings()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be written"):
        Home(tmp_path / "file" / "home").save(ClusterSettings())


def test_one_supervisor_at_a_time(tmp_path: Path):
    home = Home(tmp_path)
    assert home.running() is None
    held = home.lock()
    os.pwrite(held, b"4711\n", 0)
    assert home.running() == 4711
    with pytest.raises(Refused, match=r"already runs .pid 4711.*telltale down"):
        home.lock()
    os.close(held)
    assert home.running() is None, "the pid that is left in the file means nothing"
    os.close(home.lock())


def test_what_a_home_puts_into_the_machine_is_named_after_it(tmp_path: Path):
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    assert one.id == Home(tmp_path / "one").id != other.id
    assert len(one.bridge) <= 15, "the most that the name of an interface may have"


def test_where_the_home_is_unless_said():
    assert default_home({"TELLTALE_HOME": "/srv/cluster"}) == Path("/srv/cluster")
    assert default_home({}).is_absolute()
