"""Users' own changes to Envoy's resources. Never: kube, or what the mesh would have told itself."""
