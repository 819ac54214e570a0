"""get list watch create update patch delete, for any kind. Never: what is special about one."""
