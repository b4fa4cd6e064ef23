"""Which knob moves an effect or the onset, and how far."""
