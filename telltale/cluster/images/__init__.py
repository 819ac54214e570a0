"""The images of the embedded cluster: the host's own programs, and imported archives.

Never: a registry, a pull, or a word of pods.
"""
