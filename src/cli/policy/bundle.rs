//! A policy bundle on disk, or the one built in.

use std::path::Path;

use attestry_proof::payload::policy_version::MAX_POLICY_FILES;

use crate::{
    assets::{self, NamedFile},
    cli::output::Failure,
};

/// Most bytes of all files; a folder with more holds something else.
const BUNDLE_BYTES_MAX: u64 = 64 << 20;

/// Files of a bundle and where they come from.
pub struct Bundle {
    /// The folder, or that it is built in.
    pub name: String,
    /// The files, sorted by path.
    pub files: Vec<NamedFile>,
}

impl Bundle {
    /// Reads a folder; without one, the bundle built in.
    ///
    /// # Errors
    /// A [`Failure`] if it cannot be read or is no folder of policies.
    pub fn read(folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else {
            return Ok(Self { name: "built in".to_owned(), files: assets::policies() });
        };
        let name = folder.display().to_string();
        if !folder.is_dir() {
            return Err(Failure::usage(format!(
                "{name} is no folder; give a folder like policies/"
            )));
        }
        require_small(folder, &name)?;
        let files = assets::read_folder(folder)
            .map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
        Ok(Self { name, files })
    }

    /// Paths and bytes.
    pub fn named(&self) -> Vec<(&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect()
    }
}

/// Before anything is read: whoever names a home folder by mistake is told at once.
fn require_small(folder: &Path, name: &str) -> Result<(), Failure> {
    let (mut files, mut bytes) = (0_usize, 0_u64);
    for entry in walkdir::WalkDir::new(folder) {
        let entry =
            entry.map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
        if !entry.file_type().is_file() {
            continue;
        }
        files += 1;
        bytes += entry.metadata().map_or(0, |found| found.len());
        if files > MAX_POLICY_FILES || bytes > BUNDLE_BYTES_MAX {
            return Err(Failure::usage(format!(
                "{name} has more than {MAX_POLICY_FILES} files or {} MiB; give a folder that holds \
                 policies only",
                BUNDLE_BYTES_MAX >> 20
            )));
        }
    }
    Ok(())
}
