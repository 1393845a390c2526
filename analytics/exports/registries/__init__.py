"""What the registries of cellular therapy ask, answered from a data cut (specification, section 6)."""
