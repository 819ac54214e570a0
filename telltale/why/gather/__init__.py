"""What is asked of the API, once, in parallel. Never: a judgement."""
