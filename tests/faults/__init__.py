"""What is broken on purpose: people, machines, network, clock. Long counts in `make faults`."""
