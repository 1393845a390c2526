"""One module for each case report form: its model, its items, its limits and derivations."""
