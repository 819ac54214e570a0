"""What a person types. Never: logic."""
