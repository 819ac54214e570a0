"""After a reboot: what runs again, what counts as a restart, what stays ended."""

from telltale.cluster.node.decide import Done, Start, decide
from telltale.cluster.node.record import Record, Run
from telltale.cluster.node.renewal import LOST, renewed
from telltale.kube.core import Container, ContainerState, Pod, PodSpec, Running, Terminated

NOW = 1000.0
UP = ContainerState(running=Running(started_at="2019-08-30T16:43:50Z"))


def ended(code: int) -> ContainerState:
    return ContainerState(terminated=Terminated(exit_code=code))


def record(policy: str, **states: ContainerState) -> Record:
    names = [Container(name=name) for name in states if name != "setup"]
    inits = [Container(name="setup")] if "setup" in states else []
    pod = Pod(spec=PodSpec(restart_policy=policy, containers=names, init_containers=inits))
    runs = {name: Run(name=name, id="x", state=state) for name, state in states.items()}
    return Record(pod=pod, networked=True, runs=runs)


def test_everything_runs_again_init_containers_first() -> None:
    after = renewed(record("Always", setup=ended(0), app=UP), NOW)
    assert not after.networked
    assert [run.attempt for run in after.runs.values()] == [1, 1]
    step = decide(after.pod, after.runs, NOW)
    assert isinstance(step, Start) and step.container.name == "setup"


def test_what_ran_is_said_to_have_been_lost() -> None:
    last = renewed(record("Always", app=UP), NOW).runs["app"].last.terminated
    assert last and (last.exit_code, last.reason) == (LOST, "Unknown")


def test_a_container_that_was_never_tried_counts_no_restart() -> None:
    before = record("Always", app=UP)
    before = before.with_run(Run(name="app"))
    assert renewed(before, NOW).runs["app"].attempt == 0


def test_what_had_done_its_work_is_not_done_again() -> None:
    after = renewed(record("OnFailure", work=ended(0), app=UP), NOW)
    assert (after.runs["work"].attempt, after.runs["app"].attempt) == (0, 1)


def test_a_pod_that_is_never_restarted_has_failed() -> None:
    after = renewed(record("Never", app=UP), NOW)
    assert after.networked  # no new sandbox for it
    assert decide(after.pod, after.runs, NOW) == Done(succeeded=False)
