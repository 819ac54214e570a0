import pytest

from telltale.agent import process
from telltale.agent.process import command, ending, find
from telltale.agent.settings import Flags, SettingsError, read

POD = {"POD_NAME": "p", "POD_NAMESPACE": "n", "INSTANCE_IP": "172.16.3.7"}


@pytest.mark.parametrize(
    "code, said",
    [
        (0, "exit status 0"),
        (1, "exit status 1"),
        (-11, "signal: segmentation fault"),
        (-9, "signal: killed (out of memory, or somebody's kill -9)"),
    ],
)
def test_an_end_in_words(code, said):
    assert ending(code) == said


def test_the_command_line_is_istios(tmp_path):
    settings = read(POD, Flags(log_level="info", component_log_level="misc:error", concurrency=2))
    line = " ".join(command(settings, tmp_path / "e.json"))
    assert line.startswith(
        f"envoy -c {tmp_path}/e.json --drain-time-s 45 --drain-strategy immediate"
    )
    assert "--local-address-ip-version v4" in line and "--disable-hot-restart" in line
    assert line.endswith("-l info --component-log-level misc:error --concurrency 2")


def test_envoy_is_the_wheels_when_nothing_is_said():
    assert find(None).endswith("/_bin/envoy") and find("/x/envoy") == "/x/envoy"


def test_a_configuration_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    config = f'{{"configPath": "{tmp_path}/file/below"}}'
    with pytest.raises(
        SettingsError, match=r"cannot write Envoy's configuration .*Not a directory"
    ):
        process.start(read(POD | {"PROXY_CONFIG": config}, Flags()), lambda: None)
