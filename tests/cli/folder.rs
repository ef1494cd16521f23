//! A folder of policies to change.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::support::text;

/// A copy of the repository's policies.
pub struct Folder {
    directory: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        for entry in walkdir::WalkDir::new(&source).into_iter().map(Result::unwrap) {
            let target = directory.path().join(entry.path().strip_prefix(&source).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(target).unwrap();
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
        Self { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn arg(&self) -> &str {
        text(self.directory.path())
    }

    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let before = fs::read_to_string(self.path(name)).unwrap();
        assert!(before.contains(from), "{from:?} is not in {name}");
        fs::write(self.path(name), before.replacen(from, to, 1)).unwrap();
    }

    pub fn append(&self, name: &str, more: &str) {
        let before = fs::read_to_string(self.path(name)).unwrap();
        fs::write(self.path(name), before + more).unwrap();
    }

    /// Adds version 1.1 of the effort text, with one clause of its own.
    pub fn renew_effort(&self) {
        let old = fs::read_to_string(self.path("clauses/en/effort.md")).unwrap();
        let new = old.replace("version: \"1.0\"", "version: \"1.1\"")
            + "\n## 5. Breaks {#breaks}\n\nYes.\n";
        fs::write(self.path("clauses/en/effort-1.1.md"), new).unwrap();
        self.append(
            "clauses/catalogue.toml",
            "\n[[text]]\nset = \"effort\"\nversion = \"1.1\"\nlocale = \"en\"\n\
             file = \"clauses/en/effort-1.1.md\"\nclauses = [\"time-honest\", \"on-the-job\", \
             \"occupation-true\", \"records-kept\", \"breaks\"]\n",
        );
    }
}
