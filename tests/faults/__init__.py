"""What is broken on purpose: workers, the broker, the database. Long counts in `make faults`."""
