"""What `kubectl get` prints, column by column. Pure. Source: `printers/internalversion`."""
