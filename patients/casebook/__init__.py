"""Subject, visit and page, and the base class of every form."""
