//! Colours of a presentation: those of its theme by name (ISO/IEC 29500-1 §20.1.6.2), and the plain
//! background of its slides.

use std::collections::BTreeMap;

use super::package::{Package, resolve};
use crate::read::xml::{Element, Node, walk};

/// Colours that no theme changes.
const PRESET: [(&str, &str); 2] = [("white", "FFFFFF"), ("black", "000000")];

/// What names of colours stand for unless the master says otherwise.
const MAPPED: [(&str, &str); 4] = [("bg1", "lt1"), ("tx1", "dk1"), ("bg2", "lt2"), ("tx2", "dk2")];

/// The background of an index that is plain colour.
const PLAIN: &str = "1001";

/// Colours by name.
#[derive(Debug, Default)]
pub(super) struct Palette {
    theme: BTreeMap<String, String>,
    mapped: BTreeMap<String, String>,
}

impl Palette {
    pub(super) fn of(package: &Package) -> Self {
        let mut palette = Self::default();
        let theme = package.names("ppt/theme/theme", ".xml");
        if let Some(text) = theme.first().and_then(|name| package.peek(name)) {
            palette.read_theme(text);
        }
        let master = package.names("ppt/slideMasters/", ".xml");
        if let Some(text) = master.first().and_then(|name| package.peek(name)) {
            palette.read_map(text);
        }
        palette
    }

    fn read_theme(&mut self, text: &str) {
        let mut parents = Vec::new();
        walk(text, |node| match node {
            Node::Open(element) => {
                let is_colour = parents.iter().rev().nth(1).is_some_and(|name| name == "clrScheme");
                let value = match element.name() {
                    "srgbClr" => element.get("val"),
                    "sysClr" => element.get("lastClr"),
                    _ => None,
                };
                if let Some((name, value)) = parents.last().zip(value).filter(|_| is_colour) {
                    self.theme.entry(String::clone(name)).or_insert_with(|| value.to_uppercase());
                }
                parents.push(element.name().to_owned());
            }
            Node::Close(_) => drop(parents.pop()),
            Node::Text(_) | Node::Comment(_) => {}
        });
    }

    fn read_map(&mut self, text: &str) {
        walk(text, |node| {
            let Node::Open(element) = node else { return };
            if element.name() == "clrMap" {
                let pairs = element.attributes();
                self.mapped = pairs.map(|(name, to)| (name.to_owned(), to.into_owned())).collect();
            }
        });
    }

    /// The colour that an element stands for, in six digits.
    pub(super) fn colour(&self, element: &Element<'_>) -> Option<String> {
        let value = element.get("val").unwrap_or_default();
        match element.name() {
            "srgbClr" => Some(value.to_uppercase()),
            "sysClr" => element.get("lastClr").map(|last| last.to_uppercase()),
            "prstClr" => {
                let known = PRESET.iter().find(|(name, _)| *name == value);
                known.map(|(_, digits)| (*digits).to_owned())
            }
            "schemeClr" => {
                let usual = MAPPED.iter().find(|(name, _)| *name == value).map(|(_, to)| *to);
                let mapped = self.mapped.get(&value).map(String::as_str).or(usual);
                self.theme.get(mapped.unwrap_or(&value)).cloned()
            }
            _ => None,
        }
    }

    /// The background of a slide, if it is of one colour: its own, or that of its layout or master
    /// unless those have something painted on them.
    pub(super) fn background(&self, package: &Package, slide: &str) -> Option<String> {
        let mut part = slide.to_owned();
        let mut found = None;
        for kind in ["slideLayout", "slideMaster", ""] {
            let text = package.peek(&part)?;
            let Ground { colour, is_said, is_painted } = self.ground(text);
            if part != slide && is_painted {
                return None;
            }
            if found.is_none() && is_said {
                found = Some(colour?);
            }
            let relations = package.relations(&part);
            let next = relations.iter().find(|relation| relation.kind == kind);
            let Some(next) = next else { break };
            part = resolve(&part, &next.target);
        }
        found
    }

    fn ground(&self, text: &str) -> Ground {
        let (mut ground, mut parents) = (Ground::default(), Vec::<String>::new());
        walk(text, |node| match node {
            Node::Open(element) => {
                let around = |up: usize| parents.iter().rev().nth(up).map_or("", String::as_str);
                match (around(1), around(0), element.name()) {
                    (_, "bg", "bgRef") => {
                        ground.is_said = true;
                        ground.colour = None;
                        if element.get("idx").as_deref() != Some(PLAIN) {
                            parents.push("bgOther".to_owned());
                            return;
                        }
                    }
                    (_, "bg", "bgPr") => ground.is_said = true,
                    ("bg", "bgRef", _) | ("bgPr", "solidFill", _) => {
                        ground.colour = self.colour(&element);
                    }
                    // A colour that is changed is another one.
                    (_, "srgbClr" | "schemeClr" | "sysClr", _)
                        if matches!(around(2), "bgPr" | "bg") =>
                    {
                        ground.colour = None;
                    }
                    (_, _, "pic")
                    | (_, "spPr", "solidFill" | "gradFill" | "blipFill" | "pattFill") => {
                        ground.is_painted = true;
                    }
                    _ => {}
                }
                parents.push(element.name().to_owned());
            }
            Node::Close(_) => drop(parents.pop()),
            Node::Text(_) | Node::Comment(_) => {}
        });
        ground
    }
}

/// What a slide, layout or master puts behind everything else.
#[derive(Default)]
struct Ground {
    colour: Option<String>,
    is_said: bool,
    is_painted: bool,
}
