"""What is special about each kind: its defaults, its rules, its selectable fields. Pure."""
