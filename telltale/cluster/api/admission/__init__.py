"""Who may change or refuse a write before it is stored: namespaces, service accounts, webhooks."""
