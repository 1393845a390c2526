"""What Django and simple-history alone would do for a response page, served as Chimera is: the other side of
B4. It has no permission, stale check, edit check, query, signature, reason or trail."""
