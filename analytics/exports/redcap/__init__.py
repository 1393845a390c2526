"""The newest data cut through the API of REDCap, for clients that were written for it. Reading alone."""
