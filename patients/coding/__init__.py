"""Medical coding: dictionaries that a site loads, codes of terms, and what is left to code."""
