"""What ends the command line with 1: a user's mistake, or a machine that lacks something."""


class Refused(Exception):
    """One line: the thing, both values, and the way out. Nothing was changed."""
