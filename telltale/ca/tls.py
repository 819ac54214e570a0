"""PEM to TLS contexts. Never: a key on a disk, or a context that trusts what it was not given."""

import os
import ssl

from telltale.ca.authority import Issued


def server_context(issued: Issued) -> ssl.SSLContext:
    """For a server that shows this certificate; TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # `ssl` reads keys from files alone: this one is in memory, and gone with its descriptor.
    memory = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(memory, issued.certificate + issued.key)
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)
    return context


def client_context(root: bytes) -> ssl.SSLContext:
    """For a client that trusts this root alone, and checks the server's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=root.decode())
    return context
