"""One choice reaches every part that must agree on it."""

from pathlib import Path

from telltale.app import images
from telltale.app.home import ClusterSettings, Home
from telltale.app.parts import local_images, parts
from telltale.cluster.images.name import familiar

SETTINGS = ClusterSettings(
    pod_cidr="172.26.0.0/16", node_cidr="172.26.1.0/24", service_cidr="172.29.0.0/16",
    dns_address="172.29.0.10", api_port=7443,
)  # fmt: skip


def test_addresses_agree_everywhere(tmp_path: Path):
    found = parts(Home(tmp_path), SETTINGS)
    assert found.api.addresses == (("127.0.0.1", 7443),)
    assert found.addons.node_address == "172.26.1.1"
    assert "172.26.1.1" in found.api.ips, "the certificate must hold where pods reach the API"
    assert found.addons.api_service_address == "172.29.0.1"
    assert found.node.dns_address == found.addons.dns_address == "172.29.0.10"
    assert str(found.api.services) == str(found.services.service_cidr) == "172.29.0.0/16"
    assert found.node.bridge == found.services.bridge == Home(tmp_path).bridge


def test_every_image_that_the_mesh_and_the_samples_name_is_there(tmp_path: Path):
    listed = {name for name, _ in local_images(Home(tmp_path)).list_images()}
    wanted = {images.PROXY, images.PILOT, images.DNS}
    for sample in images.samples():
        for file in (images.samples_directory() / sample).glob("*.yaml"):
            wanted |= {
                line.split("image:")[1].strip()
                for line in file.read_text().splitlines() if "image:" in line
            }  # fmt: skip
    assert len(wanted) > 3
    assert {familiar(one) for one in wanted} <= {familiar(one) for one in listed}
