"""The tables of a data cut, made by a worker: ahead, or since somebody asked for them."""
