"""The lock desk: what stands in the way, who asked for what, and what two locks tell of each other."""
