//! Files built into the program, so that one binary is enough.

use std::{
    io,
    path::{Path, PathBuf},
};

use rust_embed::RustEmbed;

/// The policies and clause texts in `policies/`.
#[derive(RustEmbed)]
#[folder = "policies/"]
struct Policies;

/// The sample submissions in `docs/samples/`.
#[derive(RustEmbed)]
#[folder = "docs/samples/"]
#[exclude = "*.py"]
#[exclude = "*.pyc"]
struct Samples;

/// A file by its path with `/` between names, and its bytes.
pub type NamedFile = (String, Vec<u8>);

/// The built-in policies, sorted by path.
#[must_use]
pub fn policies() -> Vec<NamedFile> {
    files::<Policies>()
}

/// The built-in samples, sorted by path.
#[must_use]
pub fn samples() -> Vec<NamedFile> {
    files::<Samples>()
}

fn files<E: RustEmbed>() -> Vec<NamedFile> {
    let mut files: Vec<NamedFile> = E::iter()
        .filter_map(|path| E::get(&path).map(|file| (path.into_owned(), file.data.into_owned())))
        .collect();
    files.sort_by(|left, right| left.0.cmp(&right.0));
    files
}

/// The files below a folder, sorted by path.
///
/// # Errors
/// Whatever the system reports, or a name that is not UTF-8.
pub fn read_folder(folder: &Path) -> io::Result<Vec<NamedFile>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push((relative(folder, entry.path())?, std::fs::read(entry.path())?));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(files)
}

fn relative(folder: &Path, path: &Path) -> io::Result<String> {
    let below: PathBuf = path.strip_prefix(folder).map_err(io::Error::other)?.into();
    let names: Option<Vec<&str>> = below.iter().map(|name| name.to_str()).collect();
    names
        .map(|names| names.join("/"))
        .ok_or_else(|| io::Error::other(format!("{below:?} is not UTF-8")))
}
