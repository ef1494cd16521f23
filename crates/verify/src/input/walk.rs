//! Finding files, in an order that depends on their names alone. Symbolic links are not followed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::InputError;

/// Most files in all.
const FILES_MAX: usize = 2_000_000;
/// Deepest directory, counted from the one given.
const DEPTH_MAX: usize = 64;
/// Directory of openings, and the one with the files they list, beside each other.
const OPENINGS: &str = "openings";
const FILES: &str = "files";

/// A file to be read.
#[derive(Debug)]
pub(super) struct Found {
    /// Path from where the command runs, with `/` between names.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Named on the command line, so that it must be of use.
    pub(super) explicit: bool,
    /// For openings: the directory that their files lie in.
    pub(super) files: Option<PathBuf>,
}

/// Adds a file, or all files below a directory.
pub(super) fn walk(path: &Path, found: &mut Vec<Found>) -> Result<(), InputError> {
    let read = |source| InputError::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(read)?.is_dir() {
        return walk_directory(path, 0, found);
    }
    add(path.to_owned(), true, None, found)
}

fn walk_directory(
    directory: &Path,
    depth: usize,
    found: &mut Vec<Found>,
) -> Result<(), InputError> {
    let read = |source| InputError::Read { path: directory.to_owned(), source };
    let entries = fs::read_dir(directory).map_err(read)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(read)?;
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    let files = directory.join(FILES);
    let has_files = directory.join(OPENINGS).is_dir() && files.is_dir();
    let in_openings = directory.file_name() == Some(OPENINGS.as_ref());
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(read)?;
        if kind.is_dir() {
            // What the openings list is compared with them, and is no evidence itself.
            if depth < DEPTH_MAX && !(has_files && path == files) {
                walk_directory(&path, depth + 1, found)?;
            }
        } else if kind.is_file() {
            let listed = in_openings.then(|| listed_files(directory, &path)).flatten();
            add(path, false, listed, found)?;
        }
    }
    Ok(())
}

/// `files/<name>/` for `openings/<name>.json`.
fn listed_files(openings: &Path, file: &Path) -> Option<PathBuf> {
    let files = openings.parent()?.join(FILES).join(file.file_stem()?);
    files.is_dir().then_some(files)
}

fn add(
    path: PathBuf,
    explicit: bool,
    files: Option<PathBuf>,
    found: &mut Vec<Found>,
) -> Result<(), InputError> {
    if found.len() == FILES_MAX {
        return Err(InputError::TooManyFiles { limit: FILES_MAX });
    }
    let name = path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/");
    found.push(Found { name, path, explicit, files });
    Ok(())
}
