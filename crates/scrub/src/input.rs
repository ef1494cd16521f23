//! What is handed to a scan: files by name, and which of them have to be read together.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read, Seek};

/// Bytes that can be read from any place.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Opens a file when its turn comes, so that a long list of files does not hold each of them open.
pub type Opener<'c> = Box<dyn FnOnce() -> io::Result<Box<dyn Source + 'c>> + Send + 'c>;

/// What a file holds.
pub enum Content<'c> {
    /// These bytes.
    Bytes(Cow<'c, [u8]>),
    /// What is read once it is opened; a large file is not held in memory.
    Open(Opener<'c>),
    /// Nothing: it is a symbolic link to this path, which is not followed.
    Link(String),
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
            Self::Open(_) => f.write_str("Open"),
            Self::Link(target) => f.debug_tuple("Link").field(target).finish(),
        }
    }
}

/// A file to be scanned.
#[derive(Debug)]
pub struct File<'c> {
    /// Its name, with `/` between folders.
    pub name: String,
    /// What it holds.
    pub content: Content<'c>,
}

impl<'c> File<'c> {
    /// A file of given bytes.
    pub fn of(name: impl Into<String>, bytes: impl Into<Cow<'c, [u8]>>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into()) }
    }

    /// A file that is opened when its turn comes.
    pub fn opened_by<S: Source + 'c>(
        name: impl Into<String>,
        open: impl FnOnce() -> io::Result<S> + Send + 'c,
    ) -> Self {
        let open: Opener<'c> = Box::new(|| open().map(|s| Box::new(s) as Box<dyn Source + 'c>));
        Self { name: name.into(), content: Content::Open(open) }
    }

    /// A symbolic link.
    pub fn link(name: impl Into<String>, target: impl Into<String>) -> Self {
        Self { name: name.into(), content: Content::Link(target.into()) }
    }
}

/// Files that are scanned in one go: one file, or all files of a repository.
#[derive(Debug)]
pub struct Unit<'c> {
    pub(crate) name: String,
    pub(crate) files: Vec<File<'c>>,
}

impl Unit<'_> {
    /// Name of the file or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<'c> From<File<'c>> for Unit<'c> {
    fn from(file: File<'c>) -> Self {
        Self { name: file.name.clone(), files: vec![file] }
    }
}

/// Tells which files have to be read together. The order given does not matter.
#[must_use]
pub fn units<'c>(mut files: Vec<File<'c>>) -> Vec<Unit<'c>> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.into_iter().map(Unit::from).collect()
}
