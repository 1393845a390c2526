"""What can end the observation of an endpoint: death and relapse, engraftment, GVHD, infection."""
