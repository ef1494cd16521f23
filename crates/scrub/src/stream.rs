//! Files that are too large to be in memory: read piece by piece where their kind allows that, and
//! else said to be not read.

use std::io::{self, BufReader, Read, SeekFrom};

use sha2::{Digest as _, Sha256};

use crate::input::Source;
use crate::kind::Kind;
use crate::limits::Metered;
use crate::read;
use crate::report::Reason;
use crate::scan::{Scan, Site};

/// Bytes read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Least bytes of a file that are looked at to tell its kind.
const HEAD_BYTES_MIN: u64 = 64 << 10;

/// Files in memory at a time may take this many times what one of them may.
const HELD_TIMES: u64 = 3;

/// A file that was opened.
pub(crate) enum Opened {
    /// All of its bytes.
    Whole(Vec<u8>),
    /// It was too large for that, and is dealt with.
    Read { bytes: u64, sha256: String },
}

impl Scan<'_> {
    /// Reads a file that was handed in as a source. It may not change while it is read.
    pub(crate) fn opened(&mut self, site: &Site, mut source: impl Source) -> io::Result<Opened> {
        let length = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let room = self.whole_max();
        if length <= room {
            let mut bytes = Vec::new();
            source.take(room).read_to_end(&mut bytes)?;
            return Ok(Opened::Whole(bytes));
        }
        let (bytes, hashed) = hash(&mut source)?;
        let sha256 = self.binding.add(hashed);
        source.rewind()?;
        let mut head = Vec::new();
        source.by_ref().take(HEAD_BYTES_MIN).read_to_end(&mut head)?;
        let kind = Kind::of(&head);
        if kind == Kind::Zip {
            source.rewind()?;
            self.file_name(site);
            read::archive_from(self, site, &mut BufReader::new(source), bytes);
        } else {
            let mut metered = self.budget.open(source, bytes, u64::MAX);
            self.stream(site, &head, &mut metered);
            if let Some(reason) = metered.trouble() {
                self.not_read(site, None, kind, reason);
            }
        }
        Ok(Opened::Read { bytes, sha256 })
    }

    /// Reads an entry of a container, which takes `packed` bytes in it, as a file of its own. `take`
    /// has the first look at what is held whole, and may keep it. Returns how long the entry is, as
    /// far as it could be read.
    ///
    /// # Errors
    /// If there are too many entries; the container is left then.
    pub(crate) fn entry(
        &mut self,
        site: &Site,
        source: &mut dyn Read,
        packed: u64,
        take: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
    ) -> Result<u64, Reason> {
        self.budget.entry()?;
        let mut metered = self.budget.open(source, packed, self.budget.limits().stream_bytes_max);
        let (mut content, room) = (Vec::new(), self.whole_max());
        // Why reading ended is asked of the meter.
        let _ = metered.by_ref().take(room.saturating_add(1)).read_to_end(&mut content);
        let kind = Kind::of(&content);
        if content.len() as u64 > room {
            self.held(content.len() as u64, |scan| scan.stream(site, &content, &mut metered));
            if let Some(reason) = metered.trouble() {
                self.not_read(site, None, kind, reason);
            }
            return Ok(metered.given());
        }
        match metered.trouble() {
            None => {
                if let Some(content) = take(content) {
                    self.held(content.len() as u64, |scan| scan.file(site, &content));
                }
            }
            // What came out before the break is searched; what a bomb unpacks to is not, unless it
            // can be read as it stands.
            Some(reason) if reason == Reason::Broken || read::is_plain(kind) => {
                self.not_read(site, None, kind, reason);
                if !content.is_empty() {
                    self.held(content.len() as u64, |scan| scan.file(site, &content));
                }
            }
            Some(reason) => self.refuse(site, None, Kind::Unknown, reason),
        }
        Ok(metered.given())
    }

    /// Reads a file of which only the first bytes are in memory.
    fn stream<R: Read>(&mut self, site: &Site, head: &[u8], rest: &mut Metered<R>) {
        let kind = Kind::of(head);
        if site.depth > self.budget.limits().depth_max {
            return self.refuse(site, None, kind, Reason::TooDeep);
        }
        self.file_name(site);
        read::stream(self, site, kind, &mut head.chain(rest));
    }

    /// Does something while so many bytes are held in memory.
    pub(crate) fn held(&mut self, bytes: u64, work: impl FnOnce(&mut Self)) {
        self.held = self.held.saturating_add(bytes);
        work(self);
        self.held = self.held.saturating_sub(bytes);
    }

    /// Most bytes of the next file that is read whole.
    fn whole_max(&self) -> u64 {
        let most = self.budget.limits().whole_bytes_max;
        let left = most.saturating_mul(HELD_TIMES).saturating_sub(self.held);
        most.min(left).max(HEAD_BYTES_MIN)
    }
}

/// Length of all that a source has, and a hash that went over it.
fn hash(source: &mut impl Read) -> io::Result<(u64, Sha256)> {
    let (mut hasher, mut length) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok((length, hasher)),
            Ok(count) => {
                hasher.update(&piece[..count]);
                length += count as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
