"""How good the diagnosis is: `python -m tests.benchmarks.diagnosis`."""
