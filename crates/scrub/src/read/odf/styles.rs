//! Styles of an OpenDocument by name, as far as they hide something.

use std::collections::BTreeMap;

use crate::finding::Channel;
use crate::read::xml::{Node, walk};
use crate::rules::Notice;

/// Text smaller than this, in points, cannot be read.
const TINY_POINTS: f64 = 4.0;

/// What styles hide.
#[derive(Default)]
pub(crate) struct Styles {
    hiding: BTreeMap<String, Notice>,
}

impl Styles {
    pub(crate) fn new(text: &str) -> Self {
        let mut styles = Self::default();
        let mut name = String::new();
        walk(text, |node| {
            let Node::Open(element) = node else { return };
            let get = |name: &str| element.get(name);
            let notice = match element.name() {
                "style" => {
                    name = get("name").unwrap_or_default();
                    None
                }
                "text-properties" if get("display").as_deref() == Some("none") => {
                    Some(Notice::HiddenText)
                }
                "text-properties" => {
                    let white = get("color").is_some_and(|c| c.eq_ignore_ascii_case("#ffffff"));
                    let ground = get("background-color").is_some_and(|c| c != "transparent");
                    let size = get("font-size");
                    let points = size.as_deref().and_then(|size| size.strip_suffix("pt"));
                    let points = points.and_then(|points| points.parse::<f64>().ok());
                    if white && !ground {
                        Some(Notice::WhiteText)
                    } else {
                        points.filter(|points| *points < TINY_POINTS).map(|_| Notice::TinyText)
                    }
                }
                "table-properties" if get("display").as_deref() == Some("false") => {
                    Some(Notice::HiddenSheet)
                }
                "drawing-page-properties" if get("visibility").as_deref() == Some("hidden") => {
                    Some(Notice::HiddenSlide)
                }
                _ => None,
            };
            if let Some(notice) = notice.filter(|_| !name.is_empty()) {
                styles.hiding.insert(name.clone(), notice);
            }
        });
        styles
    }

    /// What a style hides, if it stands for a channel that may be hidden by it.
    pub(crate) fn notice(&self, style: Option<&str>, channels: &[Channel]) -> Option<Notice> {
        let notice = style.and_then(|style| self.hiding.get(style)).copied()?;
        channels.contains(&notice.channel()).then_some(notice)
    }
}
