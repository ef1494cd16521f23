//! Tokens that end in their CRC-32 in base 62, as those of GitHub and npm do.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of the checksum.
const TAIL: usize = 6;

/// The last six characters are the CRC-32 of what stands between the first `_` and them.
pub(super) fn base62_tail(token: &str) -> bool {
    let Some((_, body)) = token.split_once('_') else { return false };
    let Some((random, tail)) =
        body.len().checked_sub(TAIL).and_then(|at| body.split_at_checked(at))
    else {
        return false;
    };
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut expected = [b'0'; TAIL];
    for place in expected.iter_mut().rev() {
        *place = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    !random.is_empty() && tail.as_bytes() == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The token that GitHub's engineers and `gh` users quote for this form.
    #[test]
    fn a_published_token_passes_and_a_changed_one_does_not() {
        assert!(base62_tail(concat!("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17")));
        assert!(!base62_tail(concat!("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18")));
        assert!(!base62_tail(concat!("ghp_", "aQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17")));
        for wrong in ["", "ghp", "ghp_", "ghp_12345", "ghp_123456", "ghp_é€éé"] {
            assert!(!base62_tail(wrong), "{wrong}");
        }
    }
}
