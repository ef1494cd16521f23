//! Commitments to a fixed list of leaves: a complete binary Merkle tree built with `merkle-cbt`.
//!
//! The crate's tree has n leaves at nodes n−1 … 2n−2 and the children of node i at 2i+1 and 2i+2.
//! It separates no domains, does not commit to the count, and its own `verify` drops a leaf that
//! runs out of lemmas: it accepts a made-up leaf beside the root. So leaves and nodes are tagged
//! here, the count is part of the commitment, and [`verify`] asks for distinct positions in range
//! and exactly the lemmas that these need before it lets the crate compute the root.

use std::collections::VecDeque;

use merkle_cbt::merkle_tree::Merge;
use merkle_cbt::{CBMT, MerkleProof};

use crate::hash::{Hash, node_hash};

/// Most leaves in a batch; all node numbers then fit the crate's 32 bits.
pub const MAX_LEAVES: usize = 1 << 24;

/// Domain tags of one kind of batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// Begins what a leaf hashes, after a zero byte.
    pub leaf: &'static str,
    /// Begins what the commitment hashes.
    pub commitment: &'static str,
}

/// Files of a manifest.
pub const FILES: Tags = Tags { leaf: "attestry/file/v1", commitment: "attestry/manifest/v1" };
/// Members of a release.
pub const MEMBERS: Tags = Tags { leaf: "attestry/member/v1", commitment: "attestry/release/v1" };

/// Why leaves cannot be committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There are no leaves, or too many.
    #[error("a batch has 1 to {limit} members, this one has {found}")]
    Count {
        /// Leaves given.
        found: usize,
        /// Most leaves accepted.
        limit: usize,
    },
}

/// Why a proof does not show that leaves are in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchProofError {
    /// The count of the commitment is zero or beyond the limit.
    #[error("a batch has 1 to {limit} members, this one claims {found}")]
    Count {
        /// The count given.
        found: u64,
        /// Most leaves accepted.
        limit: usize,
    },
    /// No position is claimed.
    #[error("the proof is about no position")]
    NoIndex,
    /// A position is claimed twice.
    #[error("position {found} is claimed twice")]
    IndexRepeated {
        /// The position.
        found: usize,
    },
    /// A position is not one of a leaf.
    #[error("position {found} is beyond the batch of {count}")]
    IndexOutOfRange {
        /// The position.
        found: usize,
        /// Members of the batch.
        count: u64,
    },
    /// There are fewer or more lemmas than the positions need.
    #[error("the proof has {found} lemmas, these positions need {required}")]
    LemmaCount {
        /// Lemmas given.
        found: usize,
        /// Lemmas needed.
        required: usize,
    },
    /// Leaves, positions, lemmas and count do not lead to the commitment.
    #[error("the proof leads to commitment {found}, not to {required}")]
    CommitmentMismatch {
        /// The commitment computed.
        found: Hash,
        /// The commitment given.
        required: Hash,
    },
}

struct Node;

impl Merge for Node {
    type Item = Hash;

    fn merge(left: &Hash, right: &Hash) -> Hash {
        node_hash(left, right)
    }
}

/// Leaf: SHA-256(0x00 ‖ tag ‖ every field behind its length as u64be).
#[must_use]
pub fn leaf(tags: &Tags, fields: &[&[u8]]) -> Hash {
    let lengths: Vec<[u8; 8]> =
        fields.iter().map(|field| (field.len() as u64).to_be_bytes()).collect();
    let mut parts: Vec<&[u8]> = Vec::with_capacity(2 + 2 * fields.len());
    parts.extend([&[0x00], tags.leaf.as_bytes()]);
    for (length, field) in lengths.iter().zip(fields) {
        parts.extend([&length[..], field]);
    }
    Hash::of_parts(&parts)
}

/// Commitment: SHA-256(tag ‖ u64be count ‖ root of the complete binary tree).
///
/// # Errors
/// [`BatchError::Count`].
pub fn commitment(tags: &Tags, leaves: &[Hash]) -> Result<Hash, BatchError> {
    if leaves.is_empty() || leaves.len() > MAX_LEAVES {
        return Err(BatchError::Count { found: leaves.len(), limit: MAX_LEAVES });
    }
    let root = CBMT::<Hash, Node>::build_merkle_root(leaves);
    Ok(seal(tags, leaves.len() as u64, &root))
}

/// The lemmas that prove the leaves at `indices`; the order of `indices` does not matter.
///
/// # Errors
/// All of [`BatchProofError`] but the last two.
pub fn prove(leaves: &[Hash], indices: &[usize]) -> Result<Vec<Hash>, BatchProofError> {
    let mut nodes = nodes_of(leaves.len() as u64, indices.iter().copied())?;
    nodes.sort_unstable();
    // The crate counts leaves where we count nodes. Every node number is at least n − 1.
    let first = first_leaf(leaves.len());
    let positions: Vec<u32> = nodes.iter().map(|node| node - first).collect();
    let proof = CBMT::<Hash, Node>::build_merkle_proof(leaves, &positions);
    proof.map(|proof| proof.lemmas().to_vec()).ok_or(BatchProofError::NoIndex)
}

/// Checks that every `(position, leaf)` is in the batch of `count` leaves with this commitment. The
/// count must come from the same signed place as the commitment.
///
/// # Errors
/// See [`BatchProofError`].
pub fn verify(
    tags: &Tags,
    commitment: &Hash,
    count: u64,
    leaves: &[(usize, Hash)],
    lemmas: &[Hash],
) -> Result<(), BatchProofError> {
    let nodes = nodes_of(count, leaves.iter().map(|(index, _)| *index))?;
    let required = lemmas_needed(&nodes);
    if lemmas.len() != required {
        return Err(BatchProofError::LemmaCount { found: lemmas.len(), required });
    }
    // The crate pairs sorted leaves with its indices, so both go in sorted by leaf.
    let mut pairs: Vec<(Hash, u32)> = leaves.iter().map(|(_, leaf)| *leaf).zip(nodes).collect();
    pairs.sort_unstable();
    let (hashes, nodes): (Vec<Hash>, Vec<u32>) = pairs.into_iter().unzip();
    let Some(root) = MerkleProof::<Hash, Node>::new(nodes, lemmas.to_vec()).root(&hashes) else {
        return Err(BatchProofError::LemmaCount { found: lemmas.len(), required });
    };
    let found = seal(tags, count, &root);
    if found != *commitment {
        return Err(BatchProofError::CommitmentMismatch { found, required: *commitment });
    }
    Ok(())
}

fn seal(tags: &Tags, count: u64, root: &Hash) -> Hash {
    Hash::of_parts(&[tags.commitment.as_bytes(), &count.to_be_bytes(), root.as_bytes()])
}

/// Node number of the first of `count` leaves; `count` is at least one and at most [`MAX_LEAVES`].
#[allow(clippy::cast_possible_truncation)]
fn first_leaf(count: usize) -> u32 {
    count as u32 - 1
}

/// Node numbers of the positions, in the order given, once they are distinct and in range.
fn nodes_of(
    count: u64,
    indices: impl ExactSizeIterator<Item = usize>,
) -> Result<Vec<u32>, BatchProofError> {
    let out_of_bounds = BatchProofError::Count { found: count, limit: MAX_LEAVES };
    let leaves = usize::try_from(count).map_err(|_| out_of_bounds)?;
    if leaves == 0 || leaves > MAX_LEAVES {
        return Err(out_of_bounds);
    }
    let first = first_leaf(leaves);
    let mut nodes = Vec::with_capacity(indices.len().min(leaves));
    for found in indices {
        match u32::try_from(found) {
            Ok(index) if found < leaves => nodes.push(first + index),
            _ => return Err(BatchProofError::IndexOutOfRange { found, count }),
        }
    }
    if nodes.is_empty() {
        return Err(BatchProofError::NoIndex);
    }
    let mut sorted = nodes.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let found = (pair[0] - first) as usize;
        return Err(BatchProofError::IndexRepeated { found });
    }
    Ok(nodes)
}

/// How many siblings cannot be computed from distinct leaf nodes: from the highest node down, each
/// pairs with the next if that is its sibling, else needs a lemma.
fn lemmas_needed(nodes: &[u32]) -> usize {
    let mut descending = nodes.to_vec();
    descending.sort_unstable_by(|a, b| b.cmp(a));
    let mut queue = VecDeque::from(descending);
    let mut needed = 0;
    while let Some(node) = queue.pop_front().filter(|node| *node != 0) {
        let sibling = if node % 2 == 0 { node - 1 } else { node + 1 };
        if queue.front() == Some(&sibling) {
            queue.pop_front();
        } else {
            needed += 1;
        }
        queue.push_back((node - 1) / 2);
    }
    needed
}
