"""One module per JSON file of vectors: what is valid, and every way we know to get it wrong."""
