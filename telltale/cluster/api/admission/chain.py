"""The order in which a write is admitted. Never: a rule of its own."""

from collections.abc import Sequence

from telltale.cluster.api.core import Admission, Review
from telltale.kube.codec import Object


class Chain:
    """Each in turn sees what those before it made of the object."""

    def __init__(self, links: Sequence[Admission]) -> None:
        self._links = links

    async def admit(self, review: Review) -> Object:
        for link in self._links:
            review = review.with_object(await link.admit(review))
        return review.object
