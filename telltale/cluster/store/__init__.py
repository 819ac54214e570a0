"""Keys, values and one growing number, in SQLite. Never: what a kind means."""
