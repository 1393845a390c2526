"""The installation at a hospital: whether it is as it should be, and what its monitoring reads."""
