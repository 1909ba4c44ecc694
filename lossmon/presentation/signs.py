"""The signs of severity: no colour is needed to read them. Nothing is imported: status is fast."""

SIGNS = {"critical": "✗", "warning": "!", "info": "✓"}
ASCII_SIGNS = {"critical": "x", "warning": "!", "info": "+"}
