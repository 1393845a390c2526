"""Each numbered edit check with an answer that makes it fire and a near one that leaves it quiet."""
