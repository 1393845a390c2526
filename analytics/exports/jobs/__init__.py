"""Files that a worker makes: asked for, made once, taken for a while, removed."""
