"""What keeps objects as they should be: pure reconcile, and one loop that does I/O.

Never: one controller that knows another.
"""
