//! A byte of some kind among many that are of none: blocks without any are passed at once.

/// Bytes of a block, which fit in one or two registers.
const BLOCK: usize = 32;

/// Where the first byte of a kind stands.
pub(crate) fn position(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    // Without a branch inside, so that the block is looked at as a whole.
    let has_none = |block: &&[u8; BLOCK]| !block.iter().fold(false, |any, b| any | is_wanted(*b));
    let passed = blocks.iter().take_while(has_none).count() * BLOCK;
    bytes[passed..].iter().position(|byte| is_wanted(*byte)).map(|at| passed + at)
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn the_first_byte_is_found_wherever_it_stands() {
        for length in [0, 1, 31, 32, 33, 100] {
            let mut bytes = vec![b' '; length];
            assert_eq!(position(&bytes, |byte| byte == b'x'), None);
            for at in (0..length).rev() {
                bytes[at] = b'x';
                assert_eq!(position(&bytes, |byte| byte == b'x'), Some(at));
            }
        }
    }
}
