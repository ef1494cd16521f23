//! ZIP archives: each entry is fixed, the comment and what stands before the first entry are dropped.

use std::io::{Cursor, Write as _};

use ::zip::write::SimpleFileOptions;
use ::zip::{ZipArchive, ZipWriter};

use super::Job;
use super::git::{FILE, LINK, Repositories};
use crate::finding::Channel;
use crate::input::Source;
use crate::kind::Kind;
use crate::read::ooxml;
use crate::read::zip::Archive;
use crate::report::Reason;

pub(super) fn fix(job: &mut Job, path: &[String], bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut source = Cursor::new(bytes);
    let source: &mut dyn Source = &mut source;
    let mut archive = ZipArchive::new(source).map_err(|_| Reason::Broken)?;
    let kind = ooxml::kind_of(&archive);
    if matches!(kind, Kind::Docx | Kind::Xlsx | Kind::Pptx) {
        return super::ooxml::fix(job, path, kind, &mut archive);
    }
    if kind == Kind::OpenDocument {
        return super::odf::fix(job, path, &mut archive);
    }
    let mut repositories = Repositories::among(archive.file_names().flatten());
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        job.budget.entry()?;
        let entry = archive.by_index(at).map_err(|_| Reason::Broken)?;
        let name = entry.name().map_err(|_| Reason::Broken)?.into_owned();
        if entry.is_dir() && repositories.is_left_out(name.trim_end_matches('/')) {
            continue;
        }
        if entry.is_dir() {
            copy.add_directory(name, plain()).map_err(|_| Reason::Broken)?;
            continue;
        }
        let packed = entry.compressed_size();
        let is_link = entry.is_symlink();
        let content = job.budget.unpack(entry, packed)?;
        let Some(content) = repositories.take(&name, content) else { continue };
        if is_link {
            repositories.keep(&name, LINK, &content);
            let target = String::from_utf8_lossy(&content).into_owned();
            copy.add_symlink(name, target, plain()).map_err(|_| Reason::Broken)?;
            continue;
        }
        let inner: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let fixed = job.file(&inner, &content)?;
        repositories.keep(&name, FILE, &fixed);
        copy.start_file(name, plain()).map_err(|_| Reason::Broken)?;
        copy.write_all(&fixed).map_err(|_| Reason::Broken)?;
    }
    for (name, content) in repositories.fresh(job, path)? {
        copy.start_file(name, plain()).map_err(|_| Reason::Broken)?;
        copy.write_all(&content).map_err(|_| Reason::Broken)?;
    }
    let comments = u64::from(!archive.comment().is_empty());
    job.removed(path, None, Channel::Comment, comments);
    let copy = copy.finish().map_err(|_| Reason::Broken)?;
    Ok(copy.into_inner())
}

/// Name and content of every file of a package, in the order of the archive.
pub(super) fn parts(
    job: &mut Job,
    archive: &mut Archive<'_>,
) -> Result<Vec<(String, Vec<u8>)>, Reason> {
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        job.budget.entry()?;
        let entry = archive.by_index(at).map_err(|_| Reason::Broken)?;
        let name = entry.name().map_err(|_| Reason::Broken)?.into_owned();
        if entry.is_dir() {
            continue;
        }
        let packed = entry.compressed_size();
        parts.push((name, job.budget.unpack(entry, packed)?));
    }
    Ok(parts)
}

/// Compressed, with a date that tells nothing.
pub(super) fn plain() -> SimpleFileOptions {
    SimpleFileOptions::default()
}
