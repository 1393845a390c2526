"""The trail: who did what, when and why, and that nothing of it can be changed afterwards."""
