"""What keeps objects as they should be: pure reconcile, one loop that does I/O. They never know each other."""
