"""The sample's routing examples are clean: by themselves, and beside the shop that they are for."""

from pathlib import Path

import pytest
from bookshop import SAMPLE

from telltale.inspect import analysis
from telltale.kube import codec
from telltale.kube.positions import positions

FILES = [
    file for place in ("networking/*.yaml", "networking/gateway-api/*.yaml", "policy/*.yaml")
    for file in sorted(SAMPLE.glob(place))
]  # fmt: skip
SHOP = [SAMPLE / "bookinfo.yaml", *sorted(SAMPLE.glob("platform/*.yaml"))]
SUBSETS = SAMPLE / "networking" / "destination-rule-all.yaml"


def judged(*files: Path) -> list[str]:
    """What `telltale analyze -f` says of them together."""
    texts = {str(file): file.read_text() for file in files}
    given = [item for text in texts.values() for item in codec.parse_yaml(text)]
    places = [place for name, text in texts.items() for place in positions(name, text)]
    return [str(one) for one in analysis.of_files(given, places, "default", None)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_wrong_with_it(file: Path) -> None:
    own = "kind: DestinationRule\nmetadata: {name: details}" in file.read_text()
    own = own or "kind: DestinationRule\nmetadata: {name: reviews}" in file.read_text()
    assert judged(*SHOP, *([] if own else [SUBSETS]), file) == []


def test_a_mistake_in_one_would_be_found(tmp_path: Path) -> None:
    text = (SAMPLE / "networking" / "virtual-service-details-v2.yaml").read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("subset: v2", "subset: v9"))
    assert "v9" in str(judged(*SHOP, SUBSETS, bad))
