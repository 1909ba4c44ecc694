"""One widget a file; each draws what it is given and holds no data of its own."""
