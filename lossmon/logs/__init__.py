"""Where bytes come from: files here, a pipe, and what the user typed to name them."""
