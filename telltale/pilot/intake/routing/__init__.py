"""VirtualServices, a part a file: what is refused in one (`judge`), and its rules as read. Pure."""
