"""A second implementation of the log's formats, written from the standards for the vectors alone."""
