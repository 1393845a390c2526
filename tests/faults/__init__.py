"""What is broken on purpose: people, machines, the network, the clock. `python -m tests.faults` runs it in long."""
