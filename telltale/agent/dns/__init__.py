"""The workload's DNS, answered beside it: names of the mesh here, all others by whom it asked."""
