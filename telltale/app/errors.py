"""What the command line says before it exits with 1: a user's mistake, a machine that lacks something."""


class Refused(Exception):
    """One line: the thing, both values, and the way out. Nothing was changed."""
