"""The copy for an inspection: every subject on paper and as data, with its trail (CP-01)."""
