"""The onset: benchmark and safe share, break, transition, and the plan that would show one."""
