"""Traffic as VirtualServices and DestinationRules say, through real sidecars and gateways.

The pods that take part stand for as long as this folder's tests run, and no longer.
"""
