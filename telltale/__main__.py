"""`python -m telltale`: the command line."""

import os

# Before anything brings gRPC in. Its handlers around fork() stop and start its threads anew, which
# crashed the node while it probed one pod by gRPC and began many others; nobody here goes on in a
# forked child, every one becomes another program at once.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from telltale.cli.main import main

if __name__ == "__main__":
    main()
