//! Presentations: hidden slides, hidden shapes and those outside the slide go, embedded objects
//! become their pictures.

use std::collections::{BTreeMap, BTreeSet};

use super::Tally;
use super::edit::{Edits, Step, steps};
use super::package::Package;
use crate::finding::Channel;
use crate::read::xml::{Element, is_on};
use crate::report::Reason;

/// Elements that go with all they hold, and what they are.
const DROPPED: [(&str, Channel); 6] = [
    ("custDataLst", Channel::CustomXml),
    ("modifyVerifier", Channel::Author),
    ("smartTags", Channel::CustomXml),
    ("htmlPubPr", Channel::ExternalLink),
    ("threadingInfo", Channel::Comment),
    ("controls", Channel::Embedded),
];

/// Shapes of a slide.
const SHAPES: [&str; 6] = ["sp", "pic", "graphicFrame", "grpSp", "cxnSp", "contentPart"];

/// Elements that offer one shape in several forms.
const FORMS: [&str; 3] = ["AlternateContent", "Choice", "Fallback"];

/// What all parts need to know of the presentation.
pub(super) struct Deck {
    size: Option<(i64, i64)>,
    hidden: BTreeSet<String>,
}

impl Deck {
    pub(super) fn of(package: &Package) -> Result<Self, Reason> {
        let main = package.main().ok_or(Reason::Broken)?;
        let text = package.text(&main).ok_or(Reason::Broken)?;
        let relations = package.relations(&main);
        let mut deck = Self { size: None, hidden: BTreeSet::new() };
        let mut slides = Vec::new();
        steps(&text, |step| {
            let Step::Open(element, _) = step else { return };
            match element.name() {
                "sldSz" => deck.size = number(element, "cx").zip(number(element, "cy")),
                "sldId" => slides.push(relation_of(element)),
                _ => {}
            }
        })?;
        for relation in slides {
            let Some(relation) = relations.iter().find(|known| known.id == relation) else {
                continue;
            };
            let Some(part) = package.target(&main, relation) else { continue };
            let mut is_hidden = false;
            steps(&package.text(&part).unwrap_or_default(), |step| {
                if let Step::Open(element, 0) = step {
                    is_hidden = element.get("show").is_some_and(|show| !is_on(Some(&show)));
                }
            })?;
            if is_hidden {
                deck.hidden.insert(part);
            }
        }
        Ok(deck)
    }

    pub(super) fn doomed(&self) -> BTreeMap<String, Channel> {
        self.hidden.iter().map(|part| (part.clone(), Channel::HiddenSlide)).collect()
    }

    pub(super) fn edit(
        &self,
        root: &str,
        text: &str,
        edits: &mut Edits,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        let mut slide = Slide {
            deck: self,
            is_slide: root == "sld",
            text,
            edits,
            tally,
            open: Vec::new(),
            gone: BTreeSet::new(),
            ties: Vec::new(),
        };
        steps(text, |step| match step {
            Step::Open(element, at) => slide.open(element, at),
            Step::Close(name, span) => slide.close(name, span.start, span.end),
            Step::Text(_) => {}
        })?;
        slide.finish();
        Ok(())
    }
}

fn number(element: &Element<'_>, name: &str) -> Option<i64> {
    element.get(name).and_then(|value| value.parse().ok())
}

/// The id of the relation; the plain one has no prefix.
fn relation_of(element: &Element<'_>) -> String {
    let mut attributes = element.raw_attributes();
    let found = attributes.find(|(name, _)| name.ends_with(":id"));
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// An element that is open.
#[derive(Default)]
struct Frame {
    at: usize,
    name: String,
    /// Ids of the shapes in it.
    ids: Vec<String>,
    is_hidden: bool,
    offset: Option<(i64, i64)>,
    extent: Option<(i64, i64)>,
    has_object: bool,
    /// Extent of the picture of an object within the text.
    picture: Option<(usize, usize)>,
    /// Something in it refers to a shape or slide that goes.
    is_tied: bool,
}

/// What is known while a part is read.
struct Slide<'e> {
    deck: &'e Deck,
    is_slide: bool,
    text: &'e str,
    edits: &'e mut Edits,
    tally: &'e mut Tally,
    open: Vec<Frame>,
    /// Ids of shapes that go.
    gone: BTreeSet<String>,
    /// Elements that refer to a shape.
    ties: Vec<(usize, String)>,
}

impl Slide<'_> {
    fn open(&mut self, element: &Element<'_>, at: usize) {
        let name = element.name();
        if let Some((_, channel)) = DROPPED.iter().find(|(known, _)| *known == name) {
            self.edits.drop(at);
            self.tally.add(*channel, 1);
        }
        let parent = self.open.last().map(|frame| frame.name.clone()).unwrap_or_default();
        let shape = self.open.iter_mut().rev().find(|frame| SHAPES.contains(&frame.name.as_str()));
        match (name, parent.as_str(), shape) {
            ("cNvPr", _, Some(shape)) => {
                shape.is_hidden |= element.get("hidden").is_some_and(|v| is_on(Some(&v)));
                shape.ids.extend(element.get("id"));
            }
            ("off", "xfrm", Some(shape)) => {
                shape.offset = shape.offset.or(number(element, "x").zip(number(element, "y")));
            }
            ("ext", "xfrm", Some(shape)) => {
                shape.extent = shape.extent.or(number(element, "cx").zip(number(element, "cy")));
            }
            ("stCxn" | "endCxn", _, _) => {
                self.ties.push((at, element.get("id").unwrap_or_default()));
            }
            _ => {}
        }
        let target = element.get("spid").unwrap_or_default();
        let is_tied = self.gone.contains(&target) || (name == "sectionLst" && !self.is_slide);
        let has_object = name == "oleObj";
        self.open.push(Frame {
            at,
            name: name.to_owned(),
            is_tied,
            has_object,
            ..Frame::default()
        });
    }

    fn close(&mut self, name: &str, start: usize, end: usize) {
        let Some(mut frame) = self.open.pop() else { return };
        let at = frame.at;
        if name == "graphicFrame" && frame.has_object {
            match frame.picture.and_then(|(start, end)| self.text.get(start..end)) {
                Some(picture) => self.edits.swap(at, picture.to_owned()),
                None => self.edits.drop(at),
            }
            frame.has_object = false;
        } else if SHAPES.contains(&name) && self.is_slide && self.is_unseen(&frame) {
            self.edits.drop(at);
            self.tally.add(Channel::OffSlide, 1);
            self.gone.extend(frame.ids.iter().cloned());
        } else if frame.is_tied && (name == "timing" || name == "ext") {
            self.edits.drop(at);
            self.tally.add(Channel::OtherPart, 1);
            frame.is_tied = false;
        }
        let is_picture = name == "pic";
        let Some(parent) = self.open.last_mut() else { return };
        parent.ids.append(&mut frame.ids);
        parent.is_tied |= frame.is_tied;
        parent.has_object |= frame.has_object;
        let picture = if is_picture { Some((start, end)) } else { frame.picture };
        parent.picture = picture.or(parent.picture);
    }

    /// Whether a shape is marked as hidden, or lies wholly outside the slide. Shapes in a group have
    /// other coordinates.
    fn is_unseen(&self, shape: &Frame) -> bool {
        if shape.is_hidden {
            return true;
        }
        let parent = self.open.iter().rev().find(|frame| !FORMS.contains(&frame.name.as_str()));
        let (Some((x, y)), Some((width, height)), Some(slide), Some("spTree")) =
            (shape.offset, shape.extent, self.deck.size, parent.map(|frame| frame.name.as_str()))
        else {
            return false;
        };
        x >= slide.0
            || y >= slide.1
            || x.saturating_add(width) <= 0
            || y.saturating_add(height) <= 0
    }

    fn finish(self) {
        for (at, id) in &self.ties {
            if self.gone.contains(id) {
                self.edits.drop(*at);
            }
        }
    }
}
