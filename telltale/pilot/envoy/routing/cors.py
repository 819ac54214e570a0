"""Which pages of other origins may read the answers, as Envoy's CORS filter has it. Pure."""

from envoy.config.route.v3.route_components_pb2 import Route
from envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy

from telltale.model.route import Cors
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.routing import faults, matching

FILTER = "envoy.filters.http.cors"


def apply(route: Route, cors: Cors | None) -> None:
    if cors is None:
        return
    policy = CorsPolicy(
        allow_methods=",".join(cors.methods), allow_headers=",".join(cors.headers),
        expose_headers=",".join(cors.exposed),
    )  # fmt: skip
    policy.allow_origin_string_match.extend(matching.string(one) for one in cors.origins)
    policy.filter_enabled.default_value.CopyFrom(faults.part(1.0))
    policy.forward_not_matching_preflights.value = cors.forward_unmatched
    if cors.max_age_s is not None:
        policy.max_age = str(int(cors.max_age_s))
    if cors.credentials is not None:
        policy.allow_credentials.value = cors.credentials
    route.typed_per_filter_config[FILTER].CopyFrom(pack(policy))
