//! How random a text looks, and whether it is a mere placeholder.

/// Texts that stand where a secret would, in small letters.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "your",
    "xxxx",
    "****",
    "....",
    "dummy",
    "sample",
    "redacted",
    "<",
    "${",
    "{{",
    "$(",
    "%(",
    "process.env",
    "os.environ",
    "getenv",
    "secrets.",
    "none",
    "null",
    "undefined",
    "todo",
    "insert",
    "replace",
    "123456",
    "abcdef",
    "password",
    "passwd",
    "secret",
    "config.",
    "self.",
    "this.",
    "settings.",
    "params.",
    "args.",
    "user:pass",
    ":pass@",
];

/// Shannon entropy of the bytes of a text, in hundredths of a bit for each byte.
pub(crate) fn hundredths(text: &str) -> u32 {
    if text.is_empty() {
        return 0;
    }
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum();
    // At most 8 bits.
    (bits * 100.0).round() as u32
}

/// Whether a value stands for a secret without being one.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let distinct = lower.bytes().collect::<std::collections::BTreeSet<_>>().len();
    distinct < 4 || PLACEHOLDERS.iter().any(|text| lower.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!(hundredths(""), 0);
        assert_eq!(hundredths("aaaa"), 0);
        assert_eq!(hundredths("abab"), 100);
        assert_eq!(hundredths("abcdefgh"), 300);
    }

    #[test]
    fn placeholders_are_told_from_secrets() {
        for text in ["changeme", "<your-key>", "${TOKEN}", "aaaaaaaa", "EXAMPLEKEY"] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("q7Lw2Zt9Vb4N"));
    }
}
