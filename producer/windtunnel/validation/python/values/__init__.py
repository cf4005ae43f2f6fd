"""What is known of a value, and what operations and pure functions make of it. May import `program`."""
