//! Plain text, source code, CSV, JSON, YAML and markup: the whole file is one text, searched window
//! by window.

use std::io::Read;

use super::table::Table;
use crate::finding::{ByteRange, Channel, Location};
use crate::kind::Kind;
use crate::report::Encoding;
use crate::rules::Notice;
use crate::scan::{Scan, Scanner, Site};
use crate::search::{Hit, What};
use crate::text::{Piece, guess, width};
use crate::window::{
    AFTER_BYTES, BATCH_WINDOWS, BEFORE_BYTES, WINDOW_BYTES, Window, in_parallel, windows,
};

/// Bytes of a stream that are in memory at a time.
const BUFFER_BYTES: usize = BATCH_WINDOWS * WINDOW_BYTES + AFTER_BYTES;

/// Bytes at the start that tell a table.
const HEAD_BYTES: usize = 64 << 10;

/// Findings before another that may reach into it.
const NEAR: usize = 8;

/// Reads a text that is in memory.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    let mut pass = Pass::new(scan.scanner(), kind, bytes);
    let mut start = 0;
    while start < bytes.len() {
        start = pass.batch(scan, site, bytes, start, true, || {});
    }
    pass.finish(scan, site, kind, bytes.len() as u64);
}

/// Reads a text piece by piece; returns its length.
pub(super) fn stream(scan: &mut Scan<'_>, site: &Site, kind: Kind, source: &mut dyn Read) {
    let (mut bytes, mut next) = (Vec::new(), Vec::new());
    let mut is_last = fill(source, &mut bytes, BUFFER_BYTES);
    let mut pass = Pass::new(scan.scanner(), kind, &bytes);
    let (mut start, mut length) = (0, bytes.len() as u64);
    while start < bytes.len() {
        let mut is_end = is_last;
        let done = pass.batch(scan, site, &bytes, start, is_last, || {
            if !is_last {
                is_end = fill(source, &mut next, WINDOW_BYTES * BATCH_WINDOWS);
            }
        });
        length += next.len() as u64;
        let kept = done.saturating_sub(BEFORE_BYTES) & !3;
        bytes.drain(..kept);
        bytes.append(&mut next);
        (start, is_last) = (done - kept, is_end);
    }
    pass.finish(scan, site, kind, length);
}

/// Reads so many bytes more, and says whether the source ends with them. Why it ends is asked of
/// the meter around it.
fn fill(source: &mut dyn Read, bytes: &mut Vec<u8>, count: usize) -> bool {
    let before = bytes.len();
    let _ = source.take(count as u64).read_to_end(bytes);
    bytes.len() - before < count
}

/// One way through a text.
struct Pass {
    guess: Encoding,
    /// Whether a reader of pages comes after.
    is_page: bool,
    table: Option<Table>,
    /// Of the pieces so far, the first that differs from UTF-8.
    found: Encoding,
    /// Lines and bytes before the next window.
    lines: u64,
    offset: u64,
}

/// Something found in a window.
struct Spot {
    what: What,
    /// Lines and bytes between the start of the window and it.
    lines: u64,
    bytes: ByteRange,
    value: String,
    field: Option<String>,
}

/// What a window holds.
struct Seen {
    encoding: Encoding,
    lines: u64,
    spots: Vec<Spot>,
}

impl Pass {
    fn new(scanner: &Scanner, kind: Kind, bytes: &[u8]) -> Self {
        let guess = guess(&bytes[..bytes.len().min(WINDOW_BYTES)]);
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let piece = (kind == Kind::Text).then(|| Piece::new(head, 0..head.len(), guess));
        let table = piece.and_then(|piece| Table::of(scanner, &piece.text));
        let is_page = kind == Kind::Html;
        Self { guess, is_page, table, found: Encoding::Utf8, lines: 0, offset: 0 }
    }

    /// Searches the next windows, and says where the rest begins.
    fn batch(
        &mut self,
        scan: &mut Scan<'_>,
        site: &Site,
        bytes: &[u8],
        start: usize,
        is_last: bool,
        meanwhile: impl FnOnce(),
    ) -> usize {
        let all = windows(bytes, start, width(self.guess), is_last);
        let (scanner, room, this) = (scan.scanner(), scan.room(), &*self);
        let look = |window: &Window| this.look(scanner, bytes, *window, room);
        let seen = in_parallel(&all, look, meanwhile);
        for (window, seen) in all.iter().zip(seen) {
            self.take(scan, site, *window, seen);
        }
        all.last().map_or(start, |window| window.end)
    }

    fn take(&mut self, scan: &mut Scan<'_>, site: &Site, window: Window, seen: Seen) {
        if self.found == Encoding::Utf8 {
            self.found = seen.encoding;
        }
        for Spot { what, lines, bytes, value, field } in seen.spots {
            let location = Location {
                path: site.path.clone(),
                channel: Channel::Visible,
                field,
                line: Some(self.lines + lines + 1),
                bytes: Some(ByteRange {
                    start: self.offset + bytes.start,
                    end: self.offset + bytes.end,
                }),
                ..Location::default()
            };
            scan.hit(what, location, &value);
        }
        self.lines += seen.lines;
        self.offset += (window.end - window.start) as u64;
    }

    fn finish(self, scan: &mut Scan<'_>, site: &Site, kind: Kind, length: u64) {
        scan.was_read_to(site, kind, length, Some(self.found));
        if matches!(self.found, Encoding::Latin1 | Encoding::Mixed | Encoding::Legacy(_)) {
            let location = scan.at(site, Notice::Encoding);
            scan.notice(Notice::Encoding, location, "", 1);
        }
    }

    /// Searches a window. One more than there is room for tells that there is no room.
    fn look(&self, scanner: &Scanner, bytes: &[u8], window: Window, room: usize) -> Seen {
        let Window { from, start, end, to } = window;
        let piece = Piece::new(&bytes[from..to], start - from..end - from, self.guess);
        let text: &str = &piece.text;
        let newlines = |range: std::ops::Range<usize>| {
            text.as_bytes()[range].iter().filter(|byte| **byte == b'\n').count() as u64
        };
        let mut hits = scanner.hits_in(text, piece.core.clone());
        if let Some(table) = &self.table {
            let known = hits.clone();
            // Both are in order, so only what begins shortly before can overlap.
            let is_new = |hit: &Hit| {
                let at = known.partition_point(|known| known.start < hit.end);
                !known[at.saturating_sub(NEAR)..at].iter().any(|known| hit.start < known.end)
            };
            let mut more = table.hits(scanner, text, &piece.core);
            more.sort_unstable();
            more.retain(is_new);
            hits.append(&mut more);
            hits.sort_unstable();
        }
        super::escapes::add(scanner, text, &piece.core, self.is_page, &mut hits);
        let (mut spots, mut seen) = (Vec::new(), piece.core.start);
        let (mut lines, mut offset) = (0, 0);
        for hit in hits.into_iter().take(room.saturating_add(1)) {
            lines += newlines(seen..hit.start);
            offset += piece.file_bytes(seen..hit.start);
            seen = hit.start;
            let length = piece.file_bytes(hit.start..hit.end);
            let bytes = ByteRange { start: offset, end: offset + length };
            let value = text[hit.start..hit.end].to_owned();
            let column = self.table.as_ref().and_then(|table| table.column(text, hit.start));
            let field = column.map(str::to_owned);
            spots.push(Spot { what: hit.what, lines, bytes, value, field });
        }
        Seen { encoding: piece.encoding, lines: lines + newlines(seen..piece.core.end), spots }
    }
}
