"""Many hypotheses tested together."""
