"""One module per sample; each has `build(folder)` and writes `request/` and `deliverable/`."""
