"""The vocabulary of a form: item types, partial dates, missing codes, code lists, conditions, limits."""
