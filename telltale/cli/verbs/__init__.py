"""A verb a file. They never know each other."""
