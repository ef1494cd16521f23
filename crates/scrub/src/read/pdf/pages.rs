//! The pages in their order, looked at side by side and told one after the other.

use std::collections::BTreeSet;

use lopdf::{Document, Object, ObjectId};
use rayon::prelude::*;

use super::Reading;
use super::canvas::Canvas;
use super::cover::Standing;
use super::page::{Looked, view};
use super::pictures;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::Scan;
use crate::search::Hit;

/// Pages that are in memory at the same time.
const AT_ONCE: usize = 16;

/// What is said of one page.
struct Told {
    looked: Looked,
    runs: Vec<super::page::Run>,
    block: Block,
    hits: Vec<Hit>,
}

/// Streams that the pages show.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) streams: BTreeSet<ObjectId>,
}

pub(super) fn read(scan: &mut Scan<'_>, reading: &Reading<'_>) -> Shown {
    let mut shown = Shown::default();
    let pdf = reading.shared.pdf;
    let ids = pdf.pages();
    if ids.is_empty() {
        scan.refuse(reading.site, Some("pages"), Kind::Pdf, Reason::Broken);
    }
    let scanner = scan.scanner();
    for (chunk, first) in ids.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
        let numbered: Vec<(u32, ObjectId)> = (first + 1..).zip(chunk.iter().copied()).collect();
        let told: Vec<Option<Told>> = numbered
            .par_iter()
            .map(|(number, id)| {
                let page = pdf.page(*id)?;
                let looked = view(reading.shared, &page);
                let runs = looked.runs();
                let block = text_of(*number, &looked, &runs);
                let hits = scanner.hits(block.text());
                Some(Told { looked, runs, block, hits })
            })
            .collect();
        for (number, told) in (first + 1..).zip(told) {
            match told {
                Some(told) => {
                    tell(scan, reading, number, &told);
                    show_pictures(scan, reading, number, &told.looked.canvas, &mut shown);
                    shown.streams.extend(told.looked.canvas.sources.iter().copied().flatten());
                }
                None => refuse(scan, reading, number, "", Reason::Broken),
            }
        }
    }
    shown
}

/// Hands on the pictures of a page, each object once.
fn show_pictures(
    scan: &mut Scan<'_>,
    reading: &Reading<'_>,
    page: u32,
    canvas: &Canvas,
    shown: &mut Shown,
) {
    for picture in &canvas.pictures {
        let name = format!("page {page}/image {}", picture.name);
        if let Some(stream) = &picture.inline {
            pictures::hand_on(scan, reading, &name, stream);
        }
        let Some(id) = picture.id.filter(|id| shown.streams.insert(*id)) else { continue };
        if let Ok(Object::Stream(stream)) = reading.shared.pdf.doc.get_object(id) {
            pictures::hand_on(scan, reading, &name, stream);
        }
    }
}

/// The text of a page line by line.
pub(super) fn lines_of(looked: &Looked) -> Vec<String> {
    looked.runs().into_iter().map(|run| run.text.trim().to_owned()).collect()
}

/// Objects of all pictures.
pub(super) fn picture_ids(doc: &Document) -> Vec<ObjectId> {
    let is_picture = |object: &Object| {
        object.as_stream().is_ok_and(|stream| {
            stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Image")
        })
    };
    doc.objects.iter().filter(|(_, object)| is_picture(object)).map(|(id, _)| *id).collect()
}

fn refuse(scan: &mut Scan<'_>, reading: &Reading<'_>, page: u32, what: &str, reason: Reason) {
    let part = format!("page {page}{what}");
    scan.refuse(reading.site, Some(&part), Kind::Pdf, reason);
}

/// Where text of a standing stands, and what is to be said about it.
pub(crate) const fn standing_of(standing: Standing) -> (Channel, Option<Notice>) {
    let notice = match standing {
        Standing::Seen => return (Channel::Visible, None),
        Standing::Ocr => return (Channel::InvisibleText, None),
        Standing::LayerOff => Notice::LayerText,
        Standing::Invisible => Notice::InvisibleText,
        Standing::Redaction => Notice::UnappliedRedaction,
        Standing::OffPage => Notice::OffPage,
        Standing::Covered => Notice::CoveredText,
        Standing::UnderImage => Notice::TextUnderImage,
        Standing::White => Notice::WhiteText,
        Standing::Tiny => Notice::TinyText,
        Standing::UnderText => Notice::TextUnderText,
    };
    (notice.channel(), Some(notice))
}

/// The text of a page with its places.
fn text_of(page: u32, looked: &Looked, runs: &[super::page::Run]) -> Block {
    let mut block = Block::whole();
    for (line, run) in (1..).zip(runs) {
        let (channel, _) = standing_of(run.standing);
        block.push(Place { page, paragraph: line, ..Place::of(channel) }, &run.text);
    }
    for text in &looked.canvas.alternates {
        block.push(Place { page, ..Place::of(Channel::OtherPart) }, text);
    }
    block
}

fn tell(scan: &mut Scan<'_>, reading: &Reading<'_>, page: u32, told: &Told) {
    let (site, block) = (reading.site, &told.block);
    let (mut scanned, mut first) = (0, "");
    for (line, run) in (1..).zip(&told.runs) {
        let (channel, notice) = standing_of(run.standing);
        let place = Place { page, paragraph: line, ..Place::of(channel) };
        if let Some(notice) = notice {
            scan.notice_in(site, block, place, notice, run.text.trim());
        }
        if run.standing == Standing::Ocr {
            first = if scanned == 0 { &run.text } else { first };
            scanned += 1;
        }
    }
    if scanned > 0 {
        let place = Place { page, ..Place::of(Notice::OcrLayer.channel()) };
        let location = block.locate(&site.path, place);
        scan.notice(Notice::OcrLayer, location, first.trim(), scanned);
    }
    scan.block_hits(site, block, &told.hits);
    for font in &told.looked.canvas.unknown_fonts {
        refuse(scan, reading, page, &format!(", font {font}"), Reason::UnknownLetters);
    }
    for reason in &told.looked.canvas.troubles {
        refuse(scan, reading, page, "", *reason);
    }
}
