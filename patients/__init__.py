"""The casebook: what is recorded about a subject, how it is checked, who vouches for it."""
