"""Resources to wire. Never: a word of mesh or Kubernetes; it could serve any xDS."""
