"""The sub-commands of `pilot-agent`, a file each: `options(parser)` and `run(args, environ) -> exit
code`.

Each imports only what it needs, and only the one asked for is imported: `istio-iptables` runs
before every workload.
Never: rules of the mesh.
"""
