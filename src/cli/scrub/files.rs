//! The files that a search is about, by the names that a manifest gives them.

use std::{
    fs::File as OsFile,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use attestry_scrub::File;
use unicode_normalization::UnicodeNormalization as _;

use super::search::Progress;
use crate::cli::output::Failure;

const BUFFER_BYTES: usize = 256 << 10;

/// A file on this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its name: relative, `/` between names, NFC.
    pub name: String,
    /// Its size when it was found.
    pub size: u64,
    /// What it points to, if it is a symbolic link.
    pub link: Option<String>,
}

/// Finds every file at or below `paths`, links too. A folder keeps its name.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let unusable =
            |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
        let top = path.canonicalize().map_err(|error| unusable(&error))?;
        let base = top.parent().unwrap_or(&top).to_path_buf();
        for entry in walkdir::WalkDir::new(&top).sort_by_file_name() {
            let entry = entry.map_err(|error| unusable(&error))?;
            if entry.file_type().is_dir() {
                continue;
            }
            let name = name_of(&base, entry.path());
            let link = entry.path_is_symlink().then(|| {
                let target = std::fs::read_link(entry.path()).unwrap_or_default();
                target.to_string_lossy().into_owned()
            });
            let size = if link.is_some() { 0 } else { entry.metadata().map_or(0, |m| m.len()) };
            found.push(Found { path: entry.into_path(), name, size, link });
        }
    }
    if found.is_empty() {
        return Err(Failure::usage("there are no files at the given paths"));
    }
    Ok(found)
}

/// Every file below a folder, named from there.
pub fn below(folder: &Path) -> Result<Vec<Found>, Failure> {
    let mut found = find(&[folder.to_path_buf()])?;
    for one in &mut found {
        if let Some((_, name)) = one.name.split_once('/') {
            one.name = name.to_owned();
        }
    }
    Ok(found)
}

fn name_of(base: &Path, path: &Path) -> String {
    let below = path.strip_prefix(base).unwrap_or(path);
    let names: Vec<String> =
        below.iter().map(|name| name.to_string_lossy().nfc().collect()).collect();
    names.join("/")
}

impl Found {
    /// As a file to be searched, which is opened when its turn comes.
    #[must_use]
    pub fn open<'c>(&'c self, progress: &'c Progress) -> File<'c> {
        match &self.link {
            Some(target) => File::link(&self.name, target),
            None => File::opened_by(&self.name, || {
                // A pipe or a device would never end.
                if !std::fs::metadata(&self.path)?.is_file() {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                let file = OsFile::open(&self.path)?;
                Ok(Counted { inner: BufReader::with_capacity(BUFFER_BYTES, file), progress })
            }),
        }
    }

    /// Where its copy is below another folder.
    #[must_use]
    pub fn copied_to(&self, out: &Path) -> PathBuf {
        self.name.split('/').fold(out.to_path_buf(), |path, name| path.join(name))
    }
}

/// Tells how much was read.
struct Counted<'p> {
    inner: BufReader<OsFile>,
    progress: &'p Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_and_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("work");
        std::fs::create_dir_all(folder.join(".git")).unwrap();
        std::fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(".", folder.join("loop")).unwrap();
        let found = find(&[folder]).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["work/.git/HEAD", "work/loop"]);
        assert_eq!(found[1].link.as_deref(), Some("."));
        assert!(find(&[root.path().join("nowhere")]).is_err());
    }
}
