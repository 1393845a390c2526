"""The formats of an export, one module each: all write a `Table` and know nothing of where it is from."""
