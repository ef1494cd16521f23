//! A fixed batch of files, committed to with a complete binary Merkle tree.
