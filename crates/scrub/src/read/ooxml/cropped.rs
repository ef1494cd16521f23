//! Pictures that are cut for show only: the file holds them whole (ISO/IEC 29500-1 §20.1.8.55).

use super::package::{Package, number_of, resolve};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::read::xml::{Node, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Share of a side, in thousandths of a per cent, below which a cut shows nothing new.
const SHARE_MIN: i64 = 1_000;

/// Looks through the parts that place pictures.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, package: &Package) {
    for part in package.names("", ".xml").into_iter().chain(package.names("", ".vml")) {
        let Some(text) = package.peek(&part) else { continue };
        let may_cut = has(text, b"srcRect") || has(text, b"imagedata") && has(text, b"crop");
        if !may_cut {
            continue;
        }
        let relations = package.relations(&part);
        let slide = if part.starts_with("ppt/slides/") { number_of(&part) } else { 0 };
        for id in cropped(text) {
            let target = relations.iter().find(|relation| relation.id == id);
            let shown = target.map(|relation| resolve(&part, &relation.target)).unwrap_or_default();
            let block = Block::new(&part);
            let place = Place { slide, ..Place::of(Channel::HiddenPixels) };
            scan.notice_in(site, &block, place, Notice::CroppedPicture, &shown);
        }
    }
}

fn has(text: &str, word: &[u8]) -> bool {
    memchr::memmem::find(text.as_bytes(), word).is_some()
}

/// Ids of the relations of pictures that are cut.
fn cropped(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut id = String::new();
    walk(text, |node| {
        let Node::Open(element) = node else { return };
        match element.name() {
            "blip" => id = element.get("embed").or_else(|| element.get("link")).unwrap_or_default(),
            "srcRect" => {
                let cut = |name: &str| {
                    let share = element.get(name).unwrap_or_default();
                    // Later versions write per cent.
                    let per_cent =
                        share.strip_suffix('%').and_then(|text| text.parse::<f64>().ok());
                    let share = share.parse().unwrap_or(0_i64);
                    share >= SHARE_MIN || per_cent.is_some_and(|per_cent| per_cent >= 1.0)
                };
                if ["l", "t", "r", "b"].into_iter().any(cut) {
                    found.push(std::mem::take(&mut id));
                }
            }
            "imagedata" => {
                let cut = |name: &str| {
                    let share = element.get(name).unwrap_or_default();
                    let fixed = share.trim_end_matches('f').parse::<f64>().unwrap_or(0.0);
                    // Shares of 65536, or decimal fractions.
                    fixed >= 655.0 || (!share.ends_with('f') && (0.01..1.0).contains(&fixed))
                };
                let names = ["cropleft", "croptop", "cropright", "cropbottom"];
                if names.into_iter().any(cut) {
                    found.push(element.get("id").unwrap_or_default());
                }
            }
            _ => {}
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_told_from_a_whole_picture() {
        let picture =
            |cut: &str| cropped(&format!("<p><a:blip r:embed=\"r7\"/><a:srcRect{cut}/></p>"));
        assert_eq!(picture(" l=\"25000\""), ["r7"]);
        assert_eq!(picture(" b=\"12%\""), ["r7"]);
        assert!(picture("").is_empty());
        assert!(picture(" l=\"0\" t=\"20\" r=\"-5000\"").is_empty());
        assert_eq!(cropped("<v:imagedata r:id=\"r1\" croptop=\"6554f\"/>"), ["r1"]);
        assert!(cropped("<v:imagedata r:id=\"r1\" croptop=\"0\"/>").is_empty());
    }
}
