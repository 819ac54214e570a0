"""docs/analysis.md, from the codes of `telltale analyze`: `python scripts/write_analysis.py`.

Never: a word about a code that `pilot/intake/analysis/codes.py` does not say.
"""

from pathlib import Path

from telltale.pilot.intake.analysis.codes import CODES

PAGE = Path(__file__).parents[1] / "docs" / "analysis.md"
HEAD = """# What `telltale analyze` tells

```sh
telltale analyze -A
telltale analyze -n shop -o json
telltale analyze -f app.yaml -f routes.yaml --failure-threshold warning
```

Each finding is one line: level, code, object, `FILE:LINE` for files, field, what is wrong, why it matters, and the way
out. A code is permanent. Beside it stands istioctl's, where `istioctl analyze` tells the same.

* **Error**: what is meant cannot be had. When the object alone shows it, it is refused before it is stored, by the
  webhook; otherwise it is left out, or the part of it, and everything else goes on.
* **Warning**: it works, probably not as it is meant. **Info**: worth knowing.

The same is in the object's own status (condition `Reconciled`, with `observedGeneration`), in `/debug/problemz` and in
the pilot's log. Exit codes: 0 nothing at or above `--failure-threshold` (error), 1 it could not be judged, 79 found.

Of files alone only what is certain is told: a host in a namespace of which the files have no Service may well exist,
and gateways' pods and Secrets are rarely in the same file. `--live` judges the files beside what a cluster has.

| code | istioctl | what it is |
|---|---|---|
"""


def page() -> str:
    rows = [f"| `{one.name}` | {one.istio or ''} | {one.means} |\n" for one in CODES]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())
