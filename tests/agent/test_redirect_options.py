import pytest

from telltale.agent.redirect_options import (
    OptionError,
    cidrs_or_all,
    interfaces,
    numbers,
    port,
    ports,
    ports_or_all,
)


@pytest.mark.parametrize(
    "read, text, value",
    [
        (ports_or_all, "*", ("*",)),
        (ports_or_all, "", ()),
        (ports, "15090, 15021,15090", ("15090", "15021")),
        (cidrs_or_all, "10.1.2.3/8,192.168.1.7/32", ("10.0.0.0/8", "192.168.1.7")),
        (numbers, "1337,0", ("1337", "0")),
        (interfaces, "eth0,veth-1.2", ("eth0", "veth-1.2")),
    ],
)
def test_accepted(read, text, value):
    assert read("-x", text) == value


@pytest.mark.parametrize(
    "read, text, said",
    [
        (port, "0", '-x: "0" is not a port (1-65535)'),
        (ports, "80,,90", '"80,,90" has an empty place'),
        (ports, "80,http", '"http" is not a port'),
        (cidrs_or_all, "10.0.0.0/33", "give * or a list such as 10.0.0.0/8"),
        (numbers, "root", '"root" is not a numeric id'),
        (interfaces, 'lo" accept; #', "is not the name of a network interface"),
    ],
)
def test_refused_with_the_accepted_form(read, text, said):
    with pytest.raises(OptionError) as caught:
        read("-x", text)
    assert said in str(caught.value)
