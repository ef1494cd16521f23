//! The append-only log: RFC 9162 tree and the C2SP formats around it.
//!
//! Tree: [`tree`] (reference hashes and verification), [`range`] (several consecutive leaves at
//! once), [`edge`] (appending with O(log n) state), [`tile`] (publishing, and proofs out of tiles).
//!
//! Texts: [`note`] (signed notes and verifier keys), [`checkpoint`], [`cosignature`].
//!
//! Trust: [`trust`] (policies over checkpoints), [`proof_file`] (a proof that stands alone).

pub mod checkpoint;
pub mod cosignature;
pub mod edge;
pub mod note;
pub mod proof_file;
pub mod range;
mod subtree;
mod text;
pub mod tile;
pub mod tree;
pub mod trust;
mod vkey;
