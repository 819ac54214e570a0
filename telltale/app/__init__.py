"""The composition root: the only room that knows everyone, and builds everything.

Never: a rule of its own; it fills the settings of the parts and starts them.
"""
