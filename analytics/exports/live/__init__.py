"""REST v1 of the records as they stand now: lists that are read page by page, and what has changed since."""
