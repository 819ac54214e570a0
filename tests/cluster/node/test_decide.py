"""A pod's story in one line: what each container did, and what is to be done next."""

from telltale.cluster.node.decide import Done, Start, Step, Wait, decide
from telltale.cluster.node.record import Run
from telltale.kube.core import (
    Container,
    ContainerState,
    Pod,
    PodSpec,
    Running,
    Terminated,
    Waiting,
)

NOW = 1000.0
UP = ContainerState(running=Running())


def ended(code: int) -> ContainerState:
    return ContainerState(terminated=Terminated(exit_code=code))


def pod(*, policy: str = "Always", sidecar: bool = False) -> Pod:
    first = Container(name="first", restart_policy="Always" if sidecar else None)
    inits = [first, Container(name="second")]
    spec = PodSpec(
        init_containers=inits,
        containers=[Container(name="a"), Container(name="b")],
        restart_policy=policy,
    )
    return Pod(spec=spec)


def next_of(of: Pod, **runs: Run | ContainerState) -> str:
    """A container's name to start, `wait`, `wait TIME`, `Succeeded` or `Failed`."""
    given = {
        name: one.but(name=name) if isinstance(one, Run) else Run(name=name, state=one)
        for name, one in runs.items()
    }
    known = {name: given.get(name, Run(name=name)) for name in ("first", "second", "a", "b")}
    return words(decide(of, known, NOW))


def words(step: Step) -> str:
    match step:
        case Start(container):
            return container.name
        case Wait(until):
            return "wait" if until is None else f"wait {until:g}"
        case Done(succeeded):
            return "Succeeded" if succeeded else "Failed"


def test_init_containers_one_after_another_then_all_others() -> None:
    assert next_of(pod()) == "first"
    assert next_of(pod(), first=UP) == "wait"
    assert next_of(pod(), first=ended(0)) == "second"
    assert next_of(pod(), first=ended(0), second=ended(0)) == "a"
    assert next_of(pod(), first=ended(0), second=ended(0), a=UP) == "b"
    assert next_of(pod(), first=ended(0), second=ended(0), a=UP, b=UP) == "wait"


def test_a_failed_init_container_holds_the_rest() -> None:
    late = Run(state=ended(1), retry_at=NOW + 10)
    assert next_of(pod(), first=ended(1)) == "first"
    assert next_of(pod(), first=late) == "wait 1010"
    assert next_of(pod(policy="Never"), first=ended(1)) == "Failed"


def test_one_container_backing_off_does_not_hold_another() -> None:
    done = {"first": ended(0), "second": ended(0)}
    late = Run(state=ended(1), retry_at=NOW + 10)
    assert next_of(pod(), **done, a=late) == "b"
    assert next_of(pod(), **done, a=late, b=UP) == "wait 1010"


def test_a_pod_ends_when_nothing_is_to_run_again() -> None:
    done = {"first": ended(0), "second": ended(0)}
    assert next_of(pod(policy="OnFailure"), **done, a=ended(0), b=ended(0)) == "Succeeded"
    assert next_of(pod(policy="OnFailure"), **done, a=ended(0), b=ended(1)) == "b"
    assert next_of(pod(policy="Never"), **done, a=ended(0), b=ended(1)) == "Failed"
    assert next_of(pod(policy="Never"), **done, a=ended(0), b=UP) == "wait"


def test_a_sidecar_goes_on_beside_the_others_once_it_has_started() -> None:
    assert next_of(pod(sidecar=True), first=UP) == "wait"
    started = Run(state=UP, started=True)
    assert next_of(pod(sidecar=True), first=started) == "second"
    assert next_of(pod(sidecar=True), first=ended(0)) == "first"


def test_a_missing_image_is_tried_again_when_it_is_time() -> None:
    lacks = ContainerState(waiting=Waiting(reason="ImagePullBackOff"))
    assert next_of(pod(), first=Run(state=lacks, retry_at=NOW + 5)) == "wait 1005"
    assert next_of(pod(), first=Run(state=lacks, retry_at=NOW)) == "first"
