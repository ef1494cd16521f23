//! One digest for all policy files, so that a decision can name exactly what it was made by.

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// Domain tag that starts the hashed bytes.
pub const BUNDLE_TAG: &[u8] = b"attestry/policy-bundle/v1";

/// Why files have no bundle digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No files were given.
    #[error("a policy bundle needs at least one file")]
    Empty,
    /// Two files have the same path.
    #[error("files {first} and {second} of the bundle, sorted by path, have the same path")]
    SamePath {
        /// Position of the first, in path order, counted from 0.
        first: usize,
        /// Position of the second.
        second: usize,
    },
}

/// SHA-256 over the tag and, for each file in the byte order of the paths, path and content, each
/// preceded by its length as a big-endian 64-bit integer. The order given does not matter.
///
/// # Errors
/// See [`BundleError`].
pub fn bundle_digest(files: &[(&str, &[u8])]) -> Result<Digest, BundleError> {
    if files.is_empty() {
        return Err(BundleError::Empty);
    }
    let mut sorted = files.to_vec();
    sorted.sort_unstable_by_key(|(path, _)| *path);
    let twice = sorted.windows(2).position(|pair| pair[0].0 == pair[1].0);
    if let Some(first) = twice {
        return Err(BundleError::SamePath { first, second: first + 1 });
    }
    let mut hasher = Sha256::new();
    hasher.update(BUNDLE_TAG);
    for (path, content) in sorted {
        for field in [path.as_bytes(), content] {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
    }
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_framed_files_in_path_order() {
        let framed = [
            BUNDLE_TAG,
            &[0, 0, 0, 0, 0, 0, 0, 1],
            b"a",
            &[0, 0, 0, 0, 0, 0, 0, 2],
            b"xy",
            &[0, 0, 0, 0, 0, 0, 0, 3],
            b"b/c",
            &[0; 8],
        ]
        .concat();
        let expected: Digest = Sha256::digest(framed).into();
        assert_eq!(bundle_digest(&[("b/c", b""), ("a", b"xy")]), Ok(expected));
        assert_eq!(bundle_digest(&[("a", b"xy"), ("b/c", b"")]), Ok(expected));
    }

    #[test]
    fn moving_a_byte_between_path_and_content_changes_the_digest() {
        let digests = [
            bundle_digest(&[("ab", b"c")]),
            bundle_digest(&[("a", b"bc")]),
            bundle_digest(&[("abc", b"")]),
            bundle_digest(&[("ab", b"d")]),
        ];
        for (index, digest) in digests.iter().enumerate() {
            assert!(digest.is_ok());
            assert!(!digests[..index].contains(digest));
        }
    }

    #[test]
    fn no_files_and_repeated_paths_are_refused() {
        assert_eq!(bundle_digest(&[]), Err(BundleError::Empty));
        let files: [(&str, &[u8]); 3] = [("b", b"1"), ("a", b"2"), ("b", b"3")];
        assert_eq!(bundle_digest(&files), Err(BundleError::SamePath { first: 1, second: 2 }));
    }
}
