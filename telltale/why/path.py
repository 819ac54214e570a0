"""The way from the kubelet to the pilot as one line, with a mark on the edge that breaks. Pure.

Never: a judgement; the finding says which edge it is.
"""

from dataclasses import dataclass

from telltale.why.cause import Edge, Finding


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What is drawn with."""

    ok: str = "✓"
    bad: str = "✗"
    unknown: str = "·"
    warn: str = "⚠"
    line: str = "─"
    corner: str = "└"
    top: str = "┌"
    bar: str = "│"
    arrow: str = "←"
    dot: str = "·"


UNICODE = Glyphs()
ASCII = Glyphs("v", "X", ".", "!", "-", "`", ",", "|", "<-", "-")


def path_lines(finding: Finding, glyphs: Glyphs) -> tuple[str, ...]:
    """One or two lines; the broken end is named."""
    ok, bad, unknown = (
        f" {glyphs.line}{mark}{glyphs.line} " for mark in (glyphs.ok, glyphs.bad, glyphs.unknown)
    )
    here = f"   {glyphs.arrow} broken here"
    agent = f"kubelet{ok}agent :15020"
    if finding.edge is Edge.DNS:
        branch = f"{glyphs.corner}{glyphs.line}{glyphs.bad}{glyphs.line} {finding.place}{here}"
        return (f"{agent}{ok}envoy{unknown}pilot", " " * (len(f"kubelet{ok}") + 2) + branch)
    if finding.edge is Edge.PILOT:
        return (f"{agent}{ok}envoy{bad}{finding.place}{here}",)
    if finding.edge is Edge.ENVOY:
        return (f"{agent}{bad}envoy{here}",)
    return (f"kubelet{bad}{finding.place}{here}",)
