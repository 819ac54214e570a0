"""The parts of an object that have a URL of their own, and the kinds made only to be asked."""
