"""The same question under every defensible way to analyse the runs."""
