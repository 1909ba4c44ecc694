"""What is known of a run: append-only columns, and a bounded summary of each."""
