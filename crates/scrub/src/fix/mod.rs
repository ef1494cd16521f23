//! Makes a copy of a file without what can be removed safely: metadata, comments, revisions, hidden
//! parts, thumbnails, and what black boxes cover. The original is never changed.
//!
//! What a fixer does not know it leaves as it is; a scan of the copy says what remains.

mod git;
mod odf;
mod ooxml;
mod pdf;
mod picture;
mod tar;
mod zip;

use std::borrow::Cow;

use serde::Serialize;

pub use self::git::{FixedFiles, fix_files};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::limits::{Budget, Limits};
use crate::report::Reason;

/// A copy of a file and what is gone from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The copy.
    pub bytes: Vec<u8>,
    /// What was removed, in the order of the file.
    pub removed: Vec<Removed>,
}

/// Something that the copy does not have any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Names from the outermost file inwards.
    pub path: Vec<String>,
    /// Part of a compound document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What kind of thing.
    pub channel: Channel,
    /// How many.
    pub count: u64,
}

/// Makes a copy of a file without what can be removed safely.
///
/// # Errors
/// A reason, where the file cannot be taken apart and put together again; then there is no copy.
pub fn fix(name: &str, bytes: &[u8], limits: Limits) -> Result<Fixed, Reason> {
    let mut job = Job::new(Budget::new(limits));
    let bytes = job.file(&[name.to_owned()], bytes)?.into_owned();
    Ok(Fixed { bytes, removed: job.removed })
}

/// One file that is being fixed, with all that is inside it.
pub(crate) struct Job {
    pub(crate) budget: Budget,
    removed: Vec<Removed>,
}

impl Job {
    const fn new(budget: Budget) -> Self {
        Self { budget, removed: Vec::new() }
    }

    fn into_removed(self) -> Vec<Removed> {
        self.removed
    }

    /// Fixes one file, whatever it is. Borrowed where nothing had to change.
    pub(crate) fn file<'b>(
        &mut self,
        path: &[String],
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, Reason> {
        let depth = u32::try_from(path.len()).unwrap_or(u32::MAX);
        if depth > self.budget.limits().depth_max {
            return Err(Reason::TooDeep);
        }
        match Kind::of(bytes) {
            Kind::Pdf => pdf::fix(self, path, bytes).map(Cow::Owned),
            Kind::Zip => zip::fix(self, path, bytes).map(Cow::Owned),
            Kind::OpenDocument => odf::fix_flat(self, path, bytes).map(Cow::Owned),
            Kind::Tar => tar::fix(self, path, bytes).map(Cow::Owned),
            Kind::Gzip => tar::fix_gzip(self, path, bytes).map(Cow::Owned),
            kind @ (Kind::Png
            | Kind::Jpeg
            | Kind::Gif
            | Kind::Tiff
            | Kind::Webp
            | Kind::Heic
            | Kind::Svg) => picture::fix(self, path, kind, bytes),
            _ => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// Notes what was removed; nothing if `count` is 0.
    pub(crate) fn removed(
        &mut self,
        path: &[String],
        part: Option<&str>,
        channel: Channel,
        count: u64,
    ) {
        if count > 0 {
            let part = part.map(str::to_owned);
            self.removed.push(Removed { path: path.to_vec(), part, channel, count });
        }
    }
}
