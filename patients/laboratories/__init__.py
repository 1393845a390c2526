"""The laboratories of the sites with their normal ranges, taken in from the tables that they send."""
