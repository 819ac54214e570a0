"""CustomResourceDefinitions: the resources and kinds that they add. Never: I/O."""
