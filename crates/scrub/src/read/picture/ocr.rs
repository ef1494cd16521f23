//! Text in pixels: every picture that is large enough to hold some is given to the engine.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::ocr::Gray;
use crate::picture::pixels::{self, NoPixels};
use crate::picture::{gif, png, riff, tiff};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Most pages of a TIFF that are read.
const PAGES_MAX: usize = 64;

/// Has all that a picture shows or hides in its pixels read.
pub(super) fn picture(
    scan: &mut Scan<'_>,
    site: &Site,
    kind: Kind,
    bytes: &[u8],
    decoded: Result<(DynamicImage, Orientation), NoPixels>,
) {
    let (mut whole, orientation) = match decoded {
        Ok(decoded) => decoded,
        Err(why) => {
            let reason = match why {
                NoPixels::Unknown => Reason::NoOcr,
                NoPixels::TooMany => Reason::TooLarge,
                NoPixels::Broken => Reason::Broken,
            };
            scan.refuse(site, Some("pixels"), kind, reason);
            return;
        }
    };
    whole.apply_orientation(orientation);
    read(scan, site, kind, "pixels", Channel::PictureText, &pixels::on_paper(&whole));
    if let Some(hidden) = pixels::under_transparency(&whole) {
        let part = "transparent pixels";
        let mut location = scan.at(site, Notice::TransparentPixels);
        location.part = Some(part.to_owned());
        scan.notice(Notice::TransparentPixels, location, "", 1);
        read(scan, site, kind, part, Channel::HiddenPixels, &hidden);
    }
    drop(whole);
    further(scan, site, kind, bytes);
}

/// Frames and pages after the first.
fn further(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    let count = match kind {
        Kind::Gif => {
            let pieces = gif::parse(bytes).pieces;
            pieces.iter().filter(|piece| piece.block == gif::Block::Image).count()
        }
        Kind::Webp => riff::parse(bytes).chunks.iter().filter(|c| c.name == *b"ANMF").count(),
        Kind::Png => png::parse(bytes).chunks.iter().filter(|c| c.name == *b"fcTL").count(),
        Kind::Tiff => return pages(scan, site, bytes),
        _ => return,
    };
    if count < 2 {
        return;
    }
    let frames = pixels::frames(kind, bytes);
    for (at, frame) in frames.iter().enumerate() {
        let part = format!("pixels of frame {}", at + 2);
        read(scan, site, kind, &part, Channel::HiddenPixels, &pixels::on_paper(frame));
    }
    if frames.len() + 1 < count {
        let part = format!("pixels of frames after {}", frames.len() + 1);
        scan.refuse(site, Some(&part), kind, Reason::NoOcr);
    }
}

/// Pages of a TIFF: each is made the first in a copy, since the decoder reads that one.
fn pages(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let Some(tiff) = tiff::parse(bytes) else { return };
    let main = |directory: &&tiff::Directory<'_>| matches!(directory.group, tiff::Group::Page(_));
    let starts: Vec<usize> = tiff.directories.iter().filter(main).map(|d| d.at).collect();
    if starts.len() < 2 {
        return;
    }
    let mut copy = bytes.to_vec();
    let (place, width) = if tiff.form.is_wide { (8, 8) } else { (4, 4) };
    for (at, start) in starts.iter().enumerate().skip(1) {
        let part = format!("pixels of page {}", at + 1);
        if at >= PAGES_MAX {
            scan.refuse(site, Some("pixels of further pages"), Kind::Tiff, Reason::TooManyEntries);
            return;
        }
        copy[place..place + width].copy_from_slice(&tiff.form.bytes_of(*start as u64, width));
        match pixels::decode(Kind::Tiff, &copy) {
            Ok((page, _)) => {
                let page = pixels::on_paper(&page);
                read(scan, site, Kind::Tiff, &part, Channel::PictureText, &page);
            }
            Err(_) => scan.refuse(site, Some(&part), Kind::Tiff, Reason::NoOcr),
        }
    }
}

/// Has one picture read.
pub(in crate::read) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    kind: Kind,
    part: &str,
    channel: Channel,
    picture: &GrayImage,
) {
    if pixels::is_blank(picture) {
        return;
    }
    let read = scan.ocr().map(|ocr| {
        let ready = pixels::for_reading(picture);
        let (width, height) = ready.dimensions();
        ocr.lines(&Gray { width, height, pixels: ready.into_raw() })
    });
    let Some(Ok(lines)) = read else {
        scan.refuse(site, Some(part), kind, Reason::NoOcr);
        return;
    };
    let mut block = Block::new(part);
    for (number, line) in (1..).zip(&lines) {
        block.push(Place { paragraph: number, ..Place::of(channel) }, &line.text);
    }
    scan.block(site, &block);
}
