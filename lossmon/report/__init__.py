"""The front end without a screen: check, plot, explain."""
