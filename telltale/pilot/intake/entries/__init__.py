"""Services that are no Kubernetes Services, and who stands behind them. Never: I/O."""
