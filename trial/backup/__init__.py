"""Copies of a registry: encrypted, checked when they are made, and put back on an empty machine."""
