"""Seconds as protobuf's durations. Pure."""

from google.protobuf.duration_pb2 import Duration


def duration(seconds: float) -> Duration:
    found = Duration()
    found.FromMilliseconds(round(seconds * 1000))
    return found
