"""One cause a file: judge, explain, fix, fault. Never: I/O, or each other."""
