"""The service proxy: ClusterIPs to endpoints by nftables. Never: pods' processes."""
