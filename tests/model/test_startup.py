"""Which word holds of several about how a pod's proxy is started."""

from telltale.model.scope import Labels, Origin
from telltale.model.startup import NOTHING, Around, Starts, Startup, around

ROOT = "istio-system"


def starts(place: str, workers: int | None, *selector: tuple[str, str], **variables: str) -> Starts:
    """`place`: NAMESPACE/NAME, made at the second that the name's last letter is."""
    namespace, name = place.split("/")
    return Starts(Origin(name[-1], name, namespace), selector, Startup(workers, variables))


def found(*given: Starts, namespace: str = "shop", labels: Labels = ()) -> Around:
    return around(given, ROOT, namespace, dict(labels))


def test_the_namespace_goes_over_the_root_and_variables_by_name():
    mesh = starts("istio-system/a1", 4, A="mesh", B="mesh")
    own = starts("shop/a2", None, B="own")
    assert found(mesh, own).below == Startup(4, {"A": "mesh", "B": "own"})
    assert found(mesh, own, namespace="bank").below == mesh.startup
    assert found(starts("bank/a1", 2)) == Around()


def test_a_selector_is_above_what_the_pod_says_and_only_for_its_namespace():
    cart = starts("shop/a1", 3, ("app", "cart"))
    assert found(cart, labels=(("app", "cart"), ("v", "1"))) == Around(NOTHING, cart.startup)
    assert found(cart, labels=(("app", "web"),)) == Around()
    assert found(cart, namespace="bank", labels=(("app", "cart"),)) == Around()
    of_root = starts("istio-system/a1", 3, ("app", "cart"))
    assert found(of_root, labels=(("app", "cart"),)) == Around()
    assert found(of_root, namespace=ROOT, labels=(("app", "cart"),)).above.workers == 3


def test_of_several_the_elder_has_the_last_word():
    elder, younger = starts("shop/b1", 1, A="elder"), starts("shop/a2", 2, A="younger", B="b")
    expected = Startup(1, {"A": "elder", "B": "b"})
    assert found(elder, younger).below == found(younger, elder).below == expected


def test_none_of_a_core_is_something_said():
    assert found(starts("istio-system/a1", 4), starts("shop/a1", 0)).below.workers == 0
