"""Under which keys a Secret holds certificates: Kubernetes' own names, and Istio's older ones.

Pure. Never: what is in them.
"""

from telltale.kube.cluster import Secret

CHAINS, KEYS = ("tls.crt", "cert"), ("tls.key", "key")  # of a pair, those of the same place
AUTHORITIES = ("ca.crt", "cacert")
REVOKED = "ca.crl"


def holds_any(secret: Secret) -> bool:
    """Whether a Secret can hold a key pair or authorities at all."""
    return any(key in secret.data for key in (*CHAINS, *KEYS, *AUTHORITIES))
