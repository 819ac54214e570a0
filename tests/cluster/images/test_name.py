import pytest

from telltale.cluster.images.name import BadName, familiar, normalise


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.25", "docker.io/library/nginx:1.25"),
        ("docker.io/library/nginx:latest", "docker.io/library/nginx:latest"),
        ("telltale/pilot:0.1.0", "docker.io/telltale/pilot:0.1.0"),
        ("localhost/x", "localhost/x:latest"),
        ("my.registry:5000/a/b", "my.registry:5000/a/b:latest"),
        (f"a@sha256:{'0' * 64}", f"docker.io/library/a@sha256:{'0' * 64}"),
    ],
)
def test_short_names_are_long_ones(name: str, full: str) -> None:
    assert normalise(name) == full
    assert normalise(familiar(full)) == full


@pytest.mark.parametrize("name", ["", "UPPER", "a b", "../etc", "a:", "a::b", "a//b"])
def test_what_is_no_name_is_said(name: str) -> None:
    with pytest.raises(BadName, match="invalid reference format"):
        normalise(name)
