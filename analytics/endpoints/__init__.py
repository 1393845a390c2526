"""The definitions of the figures: from datasets to numbers, each with its set, its count and its subjects."""
