"""What is wrong with a mesh as a whole, though each object by itself is right. Never: I/O."""
