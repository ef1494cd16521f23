//! Files in which an operator says how something is used, and the secrets that they name: read in
//! one way, with one set of faults.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Why such a file cannot be used, whatever it is about.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// It is not the TOML that is expected.
    #[error("{path}: {source}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A value that must say something is empty.
    #[error("{path}: {what} is empty")]
    Empty {
        /// Which file.
        path: PathBuf,
        /// Which value.
        what: &'static str,
    },
}

/// Reads a TOML file.
///
/// # Errors
/// [`SettingsFault::Unreadable`], [`SettingsFault::Malformed`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsFault> {
    let malformed = |source| SettingsFault::Malformed { path: path.into(), source };
    toml::from_str(&text(path)?).map_err(|source| malformed(Box::new(source)))
}

/// Reads a secret from a file of its own: without the end of its line, and not empty.
///
/// # Errors
/// [`SettingsFault::Unreadable`], [`SettingsFault::Empty`].
pub fn secret(path: &Path, what: &'static str) -> Result<Zeroizing<String>, SettingsFault> {
    let text = Zeroizing::new(text(path)?);
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    filled(path, what, &text)?;
    Ok(text)
}

/// Reads a file as it is.
///
/// # Errors
/// [`SettingsFault::Unreadable`].
pub fn bytes(path: &Path) -> Result<Vec<u8>, SettingsFault> {
    std::fs::read(path).map_err(|source| SettingsFault::Unreadable { path: path.into(), source })
}

/// A file that another one names: a relative path is taken from that one's folder.
#[must_use]
pub fn beside(path: &Path, name: &Path) -> PathBuf {
    path.parent().map_or_else(|| name.into(), |folder| folder.join(name))
}

/// Refuses a value that says nothing.
///
/// # Errors
/// [`SettingsFault::Empty`].
pub fn filled(path: &Path, what: &'static str, value: &str) -> Result<(), SettingsFault> {
    match value.trim().is_empty() {
        true => Err(SettingsFault::Empty { path: path.into(), what }),
        false => Ok(()),
    }
}

fn text(path: &Path) -> Result<String, SettingsFault> {
    std::fs::read_to_string(path)
        .map_err(|source| SettingsFault::Unreadable { path: path.into(), source })
}
