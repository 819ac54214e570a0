from pathlib import Path

from telltale.cluster.images.image import Image
from telltale.cluster.images.user import Identity
from telltale.cluster.node.spec import Ground, Mount, Program, arguments, oci
from telltale.kube import codec
from telltale.kube.codec import Json, dig
from telltale.kube.core import Container, Pod
from telltale.kube.meta import Meta

IMAGE = Image(
    "docker.io/library/x:latest",
    "sha256:0",
    Path("/img"),
    ("entry",),
    ("cmd",),
    visible=(Path("/usr"),),
)
GROUND = Ground("/var/fs", "/run/netns/x", "details", "telltale-x/c")


def config(container: dict[str, Json] | None = None, **program: object) -> Json:
    mounts = (Mount("/v/deep", "/data/deep/er"), Mount("/v/data", "/data", read_only=True))
    given = Program(("run",), {"A": "b c"}, Identity(1337, 1337, (5,)), mounts)
    pod = Pod(metadata=Meta(name="details", namespace="default", uid="u"))
    return oci(
        pod, codec.convert(Container, {"name": "c", **(container or {})}), IMAGE, given, GROUND
    )


def names(value: Json, set: str = "bounding") -> set[str]:  # type: ignore[valid-type]
    found = dig(value, "process", "capabilities", set)
    assert isinstance(found, list)
    return {str(one) for one in found}


def test_namespaces_are_its_own_but_the_pods_network() -> None:
    kinds = dig(config(), "linux", "namespaces")
    assert {"type": "network", "path": "/run/netns/x"} in kinds  # type: ignore[operator]
    assert {"type": "pid"} in kinds  # type: ignore[operator]
    assert dig(config(), "hostname") == "details"


def test_the_process() -> None:
    process = dig(config(), "process")
    assert dig(process, "user") == {"uid": 1337, "gid": 1337, "additionalGids": [5]}
    assert dig(process, "env") == ["A=b c"]
    assert dig(process, "noNewPrivileges") is False
    strict = config({"securityContext": {"allowPrivilegeEscalation": False}})
    assert dig(strict, "process", "noNewPrivileges") is True


def test_capabilities_are_added_and_dropped() -> None:
    assert "CAP_NET_ADMIN" not in names(config())
    only = config({"securityContext": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}})
    assert names(only) == {"CAP_NET_ADMIN"}
    less = config({"securityContext": {"capabilities": {"drop": ["CAP_KILL"]}}})
    assert names(config()) - names(less) == {"CAP_KILL"}
    assert "CAP_SYS_ADMIN" in names(config({"securityContext": {"privileged": True}}))
    assert not dig(config(), "process", "capabilities", "ambient")


def test_outer_mounts_come_first_and_keep_their_mode() -> None:
    mounts = dig(config(), "mounts")
    assert isinstance(mounts, list)
    targets = [dig(one, "destination") for one in mounts]
    assert targets.index("/data") < targets.index("/data/deep/er")
    by_target = {str(dig(one, "destination")): dig(one, "options") for one in mounts}
    assert "ro" in by_target["/data"]  # type: ignore[operator]
    assert "ro" in by_target["/usr"]  # type: ignore[operator]


def test_limits() -> None:
    limits = {"limits": {"memory": "64Mi", "cpu": "500m"}, "requests": {"cpu": "250m"}}
    resources = dig(config({"resources": limits}), "linux", "resources")
    assert dig(resources, "memory") == {"limit": 64 << 20}
    assert dig(resources, "cpu") == {"shares": 256, "period": 100_000, "quota": 50_000}
    assert dig(config(), "linux", "resources", "memory") is None


def test_a_pods_command_replaces_the_images_entry_point() -> None:
    def of(**given: list[str]) -> tuple[str, ...]:
        return arguments(Container(**given), IMAGE)  # type: ignore[arg-type]

    assert of() == ("entry", "cmd")
    assert of(args=["x"]) == ("entry", "x")
    assert of(command=["y"]) == ("y",)
    assert of(command=["y"], args=["x"]) == ("y", "x")
