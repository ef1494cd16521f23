//! HTML pages. The source is searched as it stands; here is found what only shows once tags are left
//! out and references resolved, what the page hides, and files inside addresses. Style sheets are
//! not applied: only what an element says of itself hides it.

mod files;
mod lex;
mod look;
mod page;
pub(super) mod reference;

use std::collections::HashMap;
use std::ops::Range;

use self::lex::Lexer;
use self::page::{Builder, Page};
use super::mapped::Mapped;
use crate::finding::{ByteRange, Channel, Finding, Location};
use crate::kind::Kind;
use crate::report::{Encoding, Reason};
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use crate::search::What;

/// Findings before another that may hold it.
const NEAR: usize = 8;

/// Reads a page whose source was searched, with what was found in it from `mark` on.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8], mark: usize) {
    let (text, encoding) = crate::text::decode(bytes);
    let source = Source { site, part: None, text: &text, encoding };
    let page = source.page();
    source.tell(scan, source.spots(scan, &page), mark);
    source.finish(scan, &page);
}

/// Reads a page that is a part of a file, as the body of a message: what it shows, what it hides,
/// and the rest of its source.
pub(super) fn body(scan: &mut Scan<'_>, site: &Site, part: &str, html: &str) {
    let source = Source { site, part: Some(part), text: html, encoding: Encoding::Utf8 };
    let (page, mark) = (source.page(), scan.mark());
    source.tell(scan, source.spots(scan, &page), mark);
    let hits = super::escapes::all(scan.scanner(), html, 0..html.len(), true).into_iter();
    let spots = hits.map(|hit| Spot {
        range: hit.start..hit.end,
        what: Found::Markup(hit.what, html[hit.start..hit.end].to_owned()),
    });
    source.tell(scan, spots.collect(), mark);
    source.finish(scan, &page);
}

/// Something found, by its place in the source.
struct Spot {
    range: Range<usize>,
    what: Found,
}

enum Found {
    /// What a search found in the page.
    Hit(What, String),
    /// What it found in the source only.
    Markup(What, String),
    /// What is hidden, and how often.
    Hidden(Notice, String, u64),
}

/// The source of a page, and where it stands.
#[derive(Clone, Copy)]
struct Source<'s> {
    site: &'s Site,
    part: Option<&'s str>,
    text: &'s str,
    encoding: Encoding,
}

impl Source<'_> {
    fn page(&self) -> Page {
        let mut builder = Builder::new(self.text);
        Lexer::new(self.text).for_each(|token| builder.token(token));
        builder.finish()
    }

    /// What a page hides, and what is found in it. What stands in an attribute as it is, is found in
    /// the source; in a text, what is around it may be elsewhere there.
    fn spots(&self, scan: &Scan<'_>, page: &Page) -> Vec<Spot> {
        let shown = |range: &Range<usize>| self.text[range.clone()].trim().to_owned();
        let mut spots: Vec<Spot> = Vec::new();
        if let Some(first) = page.comments.first() {
            let count = page.comments.len() as u64;
            let what = Found::Hidden(Notice::MarkupComment, shown(first), count);
            spots.push(Spot { range: first.clone(), what });
        }
        for (notice, range) in &page.notices {
            let what = Found::Hidden(*notice, shown(range), 1);
            spots.push(Spot { range: range.clone(), what });
        }
        let mut search = |mapped: &Mapped, is_text: bool| {
            for hit in scan.scanner().hits(&mapped.text) {
                let here = hit.start..hit.end;
                let range = mapped.place(here.clone());
                if is_text || range.len() > here.len() {
                    let what = Found::Hit(hit.what, mapped.text[here].to_owned());
                    spots.push(Spot { range, what });
                }
            }
        };
        search(&page.shown, true);
        search(&page.hidden, true);
        search(&page.unseen, false);
        spots.sort_by_key(|spot| (spot.range.start, spot.range.end));
        spots
    }

    /// Notes what was found, each with its line, unless it is known. Takes spots in order.
    fn tell(&self, scan: &mut Scan<'_>, spots: Vec<Spot>, mark: usize) {
        let known = Known::of(self, scan.since(mark));
        let (mut seen, mut line, mut offset) = (0, 1, 0);
        for Spot { range, what } in spots {
            let between = &self.text[seen..range.start];
            line += between.bytes().filter(|byte| *byte == b'\n').count() as u64;
            offset += crate::text::file_offset(between, self.encoding);
            seen = range.start;
            let length = crate::text::file_offset(&self.text[range], self.encoding);
            let bytes = ByteRange { start: offset, end: offset + length };
            let location = Location {
                path: self.site.path.clone(),
                part: self.part.map(str::to_owned),
                line: Some(line),
                bytes: Some(bytes),
                ..Location::default()
            };
            match what {
                Found::Hidden(notice, shown, count) => {
                    let location = Location { channel: notice.channel(), ..location };
                    scan.notice(notice, location, &shown, count);
                }
                Found::Hit(what, _) | Found::Markup(what, _)
                    if known.has(scan.rule_of(what), bytes) => {}
                Found::Hit(what, value) => scan.hit(what, location, &value),
                Found::Markup(what, value) => {
                    let field = Some("markup".to_owned());
                    let location = Location { channel: Channel::OtherPart, field, ..location };
                    scan.hit(what, location, &value);
                }
            }
        }
    }

    /// Reads the files of a page, and says what was not followed.
    fn finish(&self, scan: &mut Scan<'_>, page: &Page) {
        if page.is_too_deep {
            scan.not_read(self.site, self.part, Kind::Html, Reason::TooDeep);
        }
        let part = self.part.map(|part| format!("{part} ")).unwrap_or_default();
        for (at, content) in page.files.iter().enumerate() {
            let inner = self.site.inner(&format!("{part}data {}", at + 1));
            match (files::decoded(content), scan.budget.entry()) {
                (Some(content), Ok(())) => scan.file(&inner, &content),
                (None, Ok(())) => scan.refuse(&inner, None, Kind::Unknown, Reason::Broken),
                (_, Err(reason)) => return scan.refuse(&inner, None, Kind::Unknown, reason),
            }
        }
    }
}

/// What was found in a source so far, by rule and in order of place.
struct Known(HashMap<String, Vec<ByteRange>>);

impl Known {
    fn of(source: &Source<'_>, findings: &[Finding]) -> Self {
        let mut by_rule: HashMap<String, Vec<ByteRange>> = HashMap::new();
        for Finding { rule, location, .. } in findings {
            let is_here = location.path == source.site.path
                && location.part.as_deref() == source.part
                && location.channel != Channel::FileName;
            if let Some(bytes) = location.bytes.filter(|_| is_here) {
                match by_rule.get_mut(rule) {
                    Some(places) => places.push(bytes),
                    None => drop(by_rule.insert(rule.clone(), vec![bytes])),
                }
            }
        }
        by_rule.values_mut().for_each(|places| places.sort_unstable());
        Self(by_rule)
    }

    /// Whether a rule found something that holds these bytes.
    fn has(&self, rule: &str, bytes: ByteRange) -> bool {
        let Some(places) = self.0.get(rule) else { return false };
        let at = places.partition_point(|known| known.start <= bytes.start);
        places[at.saturating_sub(NEAR)..at].iter().any(|known| bytes.end <= known.end)
    }
}
