"""What changes beyond the onset: paired contrasts, the joint model, equivalence with a claim."""
