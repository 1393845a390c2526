"""The room of oversight."""
