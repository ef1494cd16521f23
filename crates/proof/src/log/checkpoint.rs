//! Checkpoints: origin, size and root of a log, signed as a note (C2SP tlog-checkpoint).

use crate::hash::{Hash, empty_root};
use crate::log::note::{Note, NoteError, NoteText, SignatureError, VerifierKey};
use crate::log::text::{decimal, hash_from_base64, to_base64};
use crate::size::TreeSize;

/// Longest origin: what the ML-DSA cosignature format can carry.
pub const MAX_ORIGIN_BYTES: usize = 255;

/// Most extension lines, which the specification advises against altogether.
pub const MAX_EXTENSION_LINES: usize = 16;

/// Longest extension line.
pub const MAX_EXTENSION_BYTES: usize = 1024;

/// Why a text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note in the first place.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Fewer than three lines.
    #[error("a checkpoint has at least 3 lines, this one {found}")]
    Lines {
        /// Lines given.
        found: usize,
    },
    /// The origin is empty, too long, or has a control character.
    #[error("the origin is empty, longer than {MAX_ORIGIN_BYTES} bytes or has control characters")]
    Origin,
    /// The size is not a 64-bit decimal number without leading zeroes.
    #[error("the size is not a decimal number of at most 64 bits")]
    Size,
    /// The root is not the base64 of 32 bytes.
    #[error("the root is not 32 bytes in standard base64")]
    Root,
    /// A tree without leaves has one root only, and this is another.
    #[error("an empty tree cannot have the root {found}")]
    EmptyRoot {
        /// Root given.
        found: Hash,
    },
    /// An extension line is empty, too long or has a control character, or there are too many.
    #[error("extension line {line} is empty, too long, or one too many")]
    Extension {
        /// One-based number among the extension lines.
        line: usize,
    },
}

/// Why a key does not vouch for a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogKeyError {
    /// The key is named otherwise than the origin.
    #[error("the key's name is not the checkpoint's origin")]
    Name,
    /// The signature is missing, wrong or of another type.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// What a log says about itself: its name, its size and its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: TreeSize,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`], [`CheckpointError::EmptyRoot`].
    pub fn new(origin: &str, size: TreeSize, root: Hash) -> Result<Self, CheckpointError> {
        Self::with_extensions(origin, size, root, Vec::new())
    }

    /// A checkpoint with opaque extension lines.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`], [`CheckpointError::EmptyRoot`], [`CheckpointError::Extension`].
    pub fn with_extensions(
        origin: &str,
        size: TreeSize,
        root: Hash,
        extensions: Vec<String>,
    ) -> Result<Self, CheckpointError> {
        if !is_line(origin, MAX_ORIGIN_BYTES) {
            return Err(CheckpointError::Origin);
        }
        if size.0 == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot { found: root });
        }
        let fits = |(place, line): (usize, &String)| {
            place < MAX_EXTENSION_LINES && is_line(line, MAX_EXTENSION_BYTES)
        };
        match extensions.iter().enumerate().position(|extension| !fits(extension)) {
            Some(place) => Err(CheckpointError::Extension { line: place + 1 }),
            None => Ok(Self { origin: origin.to_owned(), size, root, extensions }),
        }
    }

    /// Reads the text of a checkpoint note.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn parse(text: &NoteText) -> Result<Self, CheckpointError> {
        // The text of a note ends in a newline; lines are what stands before each newline.
        let lines = text.as_str().strip_suffix('\n').unwrap_or_default();
        let mut lines = lines.split('\n');
        let missing = |found| CheckpointError::Lines { found };
        let origin = lines.next().ok_or(missing(0))?;
        let size = lines.next().ok_or(missing(1))?;
        let root = lines.next().ok_or(missing(2))?;
        let size = decimal(size).map(TreeSize).ok_or(CheckpointError::Size)?;
        let root = hash_from_base64(root).ok_or(CheckpointError::Root)?;
        // One line beyond the limit is enough to be refused.
        let extensions = lines.take(MAX_EXTENSION_LINES + 1).map(str::to_owned).collect();
        Self::with_extensions(origin, size, root, extensions)
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// Root of the tree of that size.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Extension lines, opaque.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text to be signed.
    ///
    /// # Errors
    /// [`NoteError`]; never, within the limits checked when the checkpoint was made.
    pub fn text(&self) -> Result<NoteText, NoteError> {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root.0));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        NoteText::new(text)
    }
}

/// A checkpoint with the note that carries it, whose signatures are not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a note whose text is a checkpoint.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::from_note(Note::parse(bytes)?)
    }

    /// Takes a parsed note whose text is a checkpoint.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn from_note(note: Note) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { note, checkpoint })
    }

    /// The checkpoint, for which nobody vouches yet.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Checks that the log itself signed, with this key (type 0x01), under its own name.
    ///
    /// # Errors
    /// See [`LogKeyError`].
    pub fn verify_log_key(&self, key: &VerifierKey) -> Result<(), LogKeyError> {
        if key.name() != self.checkpoint.origin {
            return Err(LogKeyError::Name);
        }
        Ok(self.note.verify(std::slice::from_ref(key))?)
    }
}

fn is_line(text: &str, bytes_max: usize) -> bool {
    !text.is_empty() && text.len() <= bytes_max && text.bytes().all(|byte| byte >= b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// C2SP tlog-checkpoint, the example of its first page.
    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const EXAMPLE_LINE: &str = "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse(&NoteText::new(text.to_owned()).unwrap())
    }

    #[test]
    fn the_published_example_parses_and_is_written_back() {
        let note = format!("{EXAMPLE}\n{EXAMPLE_LINE}");
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let checkpoint = signed.checkpoint();
        assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size(), TreeSize(20_852_163));
        assert!(checkpoint.root().to_hex().starts_with("0ac5186a"));
        assert!(checkpoint.extensions().is_empty());
        assert_eq!(checkpoint.text().unwrap().as_str(), EXAMPLE);
    }

    #[test]
    fn every_damage_has_its_own_refusal() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let cases = [
            ("\n".to_owned(), CheckpointError::Lines { found: 1 }),
            ("o\n7\n".to_owned(), CheckpointError::Lines { found: 2 }),
            (format!("\n7\n{root}\n"), CheckpointError::Origin),
            (format!("{}\n7\n{root}\n", "o".repeat(256)), CheckpointError::Origin),
            (format!("o\n07\n{root}\n"), CheckpointError::Size),
            (format!("o\n\n{root}\n"), CheckpointError::Size),
            (format!("o\n18446744073709551616\n{root}\n"), CheckpointError::Size),
            (format!("o\n7\n{}\n", &root[..43]), CheckpointError::Root),
            ("o\n7\nAAAA\n".to_owned(), CheckpointError::Root),
            (format!("o\n7\n{root}\n\n"), CheckpointError::Extension { line: 1 }),
            (format!("o\n7\n{root}\na\n\n"), CheckpointError::Extension { line: 2 }),
            (
                format!("o\n7\n{root}\n{}", "a\n".repeat(17)),
                CheckpointError::Extension { line: 17 },
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse(&text), Err(error), "{text:?}");
        }
        assert!(matches!(
            parse(&format!("o\n0\n{root}\n")),
            Err(CheckpointError::EmptyRoot { .. })
        ));
        assert!(Checkpoint::new("o", TreeSize(0), empty_root()).is_ok());
        assert_eq!(
            Checkpoint::new("o\nx", TreeSize(0), empty_root()),
            Err(CheckpointError::Origin)
        );
    }

    #[test]
    fn the_log_key_must_bear_the_origins_name() {
        let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let key = VerifierKey::parse(vkey).unwrap();
        let signed = SignedCheckpoint::parse(format!("{EXAMPLE}\n{EXAMPLE_LINE}").as_bytes());
        assert_eq!(signed.unwrap().verify_log_key(&key), Err(LogKeyError::Name));
        let renamed = EXAMPLE.replace("example.com/behind-the-sofa", "example.com/foo");
        let signed = SignedCheckpoint::parse(format!("{renamed}\n{EXAMPLE_LINE}").as_bytes());
        let unsigned = LogKeyError::Signature(SignatureError::Unsigned { known: 1 });
        assert_eq!(signed.unwrap().verify_log_key(&key), Err(unsigned));
    }

    proptest! {
        #[test]
        fn checkpoints_survive_their_text(origin in "[^\\x00-\\x1f]{1,60}", size in 1u64.., root: [u8; 32], extensions in prop::collection::vec("[^\\x00-\\x1f]{1,20}", 0..4)) {
            let checkpoint = Checkpoint::with_extensions(&origin, TreeSize(size), Hash(root), extensions)?;
            prop_assert_eq!(Checkpoint::parse(&checkpoint.text()?), Ok(checkpoint));
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, text in "(.{0,12}\n){0,6}") {
            let _ = SignedCheckpoint::parse(&bytes);
            let _ = NoteText::new(text).map(|text| Checkpoint::parse(&text));
        }
    }
}
