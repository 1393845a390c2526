"""The estimators of `analytics.survival` for the data of anybody's file."""
