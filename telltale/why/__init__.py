"""From a symptom to the one wrong object, with evidence. Never: cluster; causes never gather."""
