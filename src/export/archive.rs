//! The archive itself: ZIP without compression and without times, so that the same files are the
//! same bytes whatever library packs them.

use std::io::{self, Write};

use attestry_proof::{hash::Hash, pack::PackFile, payload::fields::Digest};
use sha2::{Digest as _, Sha256};
use zip::{
    CompressionMethod, DateTime, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// Writes a pack, file after file, to wherever it goes; nothing is kept but digests.
pub struct PackWriter<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    written: Vec<PackFile>,
}

impl<W: Write> PackWriter<W> {
    /// Begins a pack.
    pub fn new(sink: W) -> Self {
        Self { zip: ZipWriter::new_stream(sink), written: Vec::new() }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// Whatever the sink reports.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut open = self.open(path, bytes.len() as u64)?;
        open.write_all(bytes)?;
        open.close();
        Ok(())
    }

    /// Begins a file that comes in pieces.
    ///
    /// # Errors
    /// Whatever the sink reports.
    pub fn open(&mut self, path: &str, size: u64) -> io::Result<OpenFile<'_, W>> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(size > u64::from(u32::MAX));
        self.zip.start_file(path, options)?;
        Ok(OpenFile { pack: self, path: path.to_owned(), size: 0, hasher: Sha256::new() })
    }

    /// What was written so far, in ascending order of paths.
    #[must_use]
    pub fn written(&self) -> Vec<PackFile> {
        let mut files = self.written.clone();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Ends the pack.
    ///
    /// # Errors
    /// Whatever the sink reports.
    pub fn finish(self) -> io::Result<W> {
        let mut sink = self.zip.finish()?.into_inner();
        sink.flush()?;
        Ok(sink)
    }
}

/// A file on its way into a pack.
pub struct OpenFile<'a, W: Write> {
    pack: &'a mut PackWriter<W>,
    path: String,
    size: u64,
    hasher: Sha256,
}

impl<W: Write> OpenFile<'_, W> {
    /// Ends the file; answers with its SHA-256.
    pub fn close(self) -> Hash {
        let sha256 = Hash(self.hasher.finalize().into());
        let Self { path, size, .. } = self;
        self.pack.written.push(PackFile { path, size, sha256: Digest(sha256) });
        sha256
    }
}

impl<W: Write> Write for OpenFile<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.pack.zip.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pack.zip.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn pack() -> (Vec<u8>, Vec<PackFile>) {
        let mut writer = PackWriter::new(Vec::new());
        writer.add("b", b"second").unwrap();
        let mut open = writer.open("a", 6).unwrap();
        open.write_all(b"fir").unwrap();
        open.write_all(b"st!").unwrap();
        assert_eq!(open.close(), Hash::of(b"first!"));
        let written = writer.written();
        (writer.finish().unwrap(), written)
    }

    #[test]
    fn the_same_files_are_the_same_bytes_and_others_read_them() {
        let (bytes, written) = pack();
        assert_eq!(pack().0, bytes);
        let names: Vec<_> = written.iter().map(|file| (file.path.as_str(), file.size)).collect();
        assert_eq!(names, [("a", 6), ("b", 6)]);
        let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        let mut found = String::new();
        archive.by_name("a").unwrap().read_to_string(&mut found).unwrap();
        assert_eq!(found, "first!");
    }
}
