"""The validation pack: what was asked, which test shows it, how it came out, and on what (VD-02)."""
