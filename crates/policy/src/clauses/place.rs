//! Where in the files of a bundle a fault of the catalogue is.

use toml::Spanned;

use super::{CATALOGUE_PATH, CatalogueError, CatalogueFile, Entry, TextError};
use crate::load::Place;

impl CatalogueError {
    /// Where the fault is in the files that were refused; `None` if it is at no one place.
    #[must_use]
    pub fn place(&self, files: &[(&str, &[u8])]) -> Option<Place> {
        match self {
            Self::Missing | Self::TooLarge { .. } | Self::Count { .. } => None,
            Self::NotUtf8 { valid_up_to } => {
                Some(after_valid(CATALOGUE_PATH, content(files, CATALOGUE_PATH)?, *valid_up_to))
            }
            Self::Toml { line } => Some(line_of(CATALOGUE_PATH, *line)),
            Self::Repeated { entry } | Self::FileMissing { entry } => {
                let (catalogue, entry) = entry_of(files, *entry)?;
                Some(Place::of(CATALOGUE_PATH, catalogue, entry.span().start))
            }
            Self::Text { entry, error } => {
                let (_, entry) = entry_of(files, *entry)?;
                let path = &entry.get_ref().file;
                error.place(path, content(files, path)?)
            }
            Self::Resign(error) => error.place().cloned(),
        }
    }
}

impl TextError {
    fn place(&self, path: &str, bytes: &[u8]) -> Option<Place> {
        let text = String::from_utf8_lossy(bytes);
        let line_starting = |start: &str| {
            let found = text.lines().position(|line| line.trim_start().starts_with(start));
            line_of(path, found.map_or(1, |index| index + 1))
        };
        match self {
            Self::TooLarge { .. } | Self::TooManyClauses { .. } => None,
            Self::NotUtf8 { valid_up_to } => Some(after_valid(path, bytes, *valid_up_to)),
            Self::NoFrontMatter => Some(line_of(path, 1)),
            Self::FrontMatter { key } | Self::OtherThanCatalogue { key } => {
                Some(line_starting(&format!("{key}:")))
            }
            Self::Heading { line, .. } | Self::Repeated { line } => Some(line_of(path, *line)),
            Self::ClausesDiffer { position, .. } => {
                Some(line_starting(&format!("## {}.", position + 1)))
            }
        }
    }
}

fn line_of(path: &str, line: usize) -> Place {
    Place { file: path.into(), line, column: 1 }
}

fn after_valid(path: &str, bytes: &[u8], valid_up_to: usize) -> Place {
    let valid = bytes.get(..valid_up_to).unwrap_or(bytes);
    let valid = String::from_utf8_lossy(valid);
    Place::of(path, &valid, valid.len())
}

fn content<'a>(files: &[(&str, &'a [u8])], path: &str) -> Option<&'a [u8]> {
    files.iter().find(|(candidate, _)| *candidate == path).map(|(_, content)| *content)
}

/// An entry of a catalogue that is known to parse.
fn entry_of<'a>(files: &[(&str, &'a [u8])], entry: usize) -> Option<(&'a str, Spanned<Entry>)> {
    let text = std::str::from_utf8(content(files, CATALOGUE_PATH)?).ok()?;
    let file: CatalogueFile = toml::from_str(text).ok()?;
    file.text.into_iter().nth(entry).map(|entry| (text, entry))
}
