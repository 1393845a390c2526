"""The read-outs: data cuts, datasets, endpoints, reports and exports."""
