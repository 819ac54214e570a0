import pytest

from telltale.cluster.images.user import Identity, NoUser, resolve

PASSWD = "root:x:0:0:root:/root:/bin/bash\nistio-proxy:x:1337:1337::/home/proxy:/bin/bash\nbroken\n"
GROUP = "root:x:0:\nistio-proxy:x:1337:\nextra:x:50:root,istio-proxy\n"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(0, 0, (50,), "/root")),
        ("istio-proxy", Identity(1337, 1337, (50,), "/home/proxy")),
        ("1337", Identity(1337, 1337, (50,), "/home/proxy")),
        ("4242", Identity(4242, 0)),
        ("1337:extra", Identity(1337, 50, (), "/home/proxy")),
        ("7:8", Identity(7, 8)),
    ],
)
def test_users(user: str, expected: Identity) -> None:
    assert resolve(user, PASSWD, GROUP) == expected


@pytest.mark.parametrize("user", ["nobody-here", "0:nogroup-here"])
def test_a_name_must_be_there(user: str) -> None:
    with pytest.raises(NoUser, match=r"unable to find (user|group) no"):
        resolve(user, PASSWD, GROUP)
