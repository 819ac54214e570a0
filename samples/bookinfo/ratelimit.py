"""A rate limit service: `ratelimit.py PORT FILE` answers envoy.service.ratelimit.v3 over gRPC.

Windows are counted in this process (limits.py says how). Never: an answer that was not counted.
"""

import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
import yaml
from envoy.service.ratelimit.v3.rls_pb2 import RateLimitRequest, RateLimitResponse
from envoy.service.ratelimit.v3.rls_pb2_grpc import (
    RateLimitServiceServicer,
    add_RateLimitServiceServicer_to_server,
)
from limits import BadLimits, Rule, Verdict, Windows, limit_of, read


class Service(RateLimitServiceServicer):
    def __init__(self, domain: str, rules: Rule) -> None:
        self._domain, self._rules = domain, rules
        self._windows, self._lock = Windows(), threading.Lock()

    def ShouldRateLimit(
        self, request: RateLimitRequest, context: grpc.ServicerContext
    ) -> RateLimitResponse:
        answer = RateLimitResponse()
        for descriptor in request.descriptors:
            if descriptor.HasField("limit"):
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "limits are those of the file")
            entries = tuple((one.key, one.value) for one in descriptor.entries)
            status = answer.statuses.add(code=RateLimitResponse.OK)
            limit = limit_of(self._rules, entries) if request.domain == self._domain else None
            if limit:
                hits = request.hits_addend or 1
                if descriptor.HasField("hits_addend"):
                    hits = descriptor.hits_addend.value
                with self._lock:
                    verdict = self._windows.ask(entries, limit, time.time(), hits)
                _tell(status, verdict)
                print(f"ratelimit: {dict(entries)}: {verdict}", flush=True)
        over = any(one.code == RateLimitResponse.OVER_LIMIT for one in answer.statuses)
        answer.overall_code = RateLimitResponse.OVER_LIMIT if over else RateLimitResponse.OK
        return answer


def _tell(status: RateLimitResponse.DescriptorStatus, verdict: Verdict) -> None:
    assert verdict.limit
    status.code = RateLimitResponse.OVER_LIMIT if verdict.over else RateLimitResponse.OK
    status.current_limit.requests_per_unit = verdict.limit.requests
    status.current_limit.unit = RateLimitResponse.RateLimit.Unit.Value(verdict.limit.unit.upper())
    status.limit_remaining = verdict.remaining
    status.duration_until_reset.seconds = verdict.reset_s


def main() -> None:
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit("usage: ratelimit.py PORT FILE")
    try:
        domain, rules = read(yaml.safe_load(Path(sys.argv[2]).read_text()))
    except (OSError, yaml.YAMLError, BadLimits) as error:
        sys.exit(f"ratelimit: {sys.argv[2]}: {error}")
    server = grpc.server(futures.ThreadPoolExecutor(4))
    add_RateLimitServiceServicer_to_server(Service(domain, rules), server)
    server.add_insecure_port(f"0.0.0.0:{sys.argv[1]}")
    server.start()
    print(f"ratelimit: listening on 0.0.0.0:{sys.argv[1]}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
