"""The one way in: saving a page, importing a casebook."""
