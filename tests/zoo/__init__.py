"""The zoo: today's trainers, really run, and what lossmon reads of them against what they logged.

    python -m tests.zoo                 every recipe
    python -m tests.zoo xgboost keras   these
    python -m tests.zoo --stored        read again what is kept in tests/data/zoo, run nothing

What one remembers of a tool's log is often wrong, and what is right today changes with its next
release. So a recipe (`recipes/NAME.py`) pins a tool, trains something tiny with it for some seconds
on the CPU with data it makes up, and writes down the truth through the tool's own callbacks or
results, never out of its output. Outside CI: it installs gigabytes. What is small is kept in
tests/data/zoo and read in CI; RESULTS.md has date, versions and every misread.
"""
