"""The pages of a lock: the paragraph, the tables, the figures, and the way from a number to its items."""
