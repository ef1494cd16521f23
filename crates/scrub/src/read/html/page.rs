//! A page as it shows: its text without tags and with references resolved, each piece with its place
//! in the source, and what does not show.

use std::collections::HashMap;
use std::ops::Range;

use super::files::encoded;
use super::lex::{Attribute, Token};
use super::look::Look;
use super::reference::reference;
use crate::read::mapped::Mapped;
use crate::rules::Notice;

/// Elements inside each other that are followed.
const DEPTH_MAX: usize = 1 << 16;

/// Elements that end a line of text; words go on through the tags of all others.
#[rustfmt::skip]
const BLOCKS: [&str; 84] = [
    "address", "applet", "area", "article", "aside", "audio", "base", "blockquote", "body", "br",
    "button", "canvas", "caption", "center", "col", "colgroup", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "embed", "fieldset", "figcaption", "figure", "footer", "form", "frame",
    "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html",
    "iframe", "img", "input", "legend", "li", "link", "main", "math", "menu", "meta", "meter",
    "nav", "noframes", "object", "ol", "optgroup", "option", "p", "param", "plaintext", "pre",
    "progress", "script", "search", "section", "select", "source", "style", "summary", "svg",
    "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "ul", "video", "xmp",
];

/// Elements that have no end.
const EMPTY: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// What was made of a page.
#[derive(Default)]
pub(super) struct Page {
    pub(super) shown: Mapped,
    pub(super) hidden: Mapped,
    /// Decoded: values of attributes, comments, declarations.
    pub(super) unseen: Mapped,
    /// Texts that the look of an element hides.
    pub(super) notices: Vec<(Notice, Range<usize>)>,
    pub(super) comments: Vec<Range<usize>>,
    /// Base64 of files in addresses.
    pub(super) files: Vec<Vec<u8>>,
    /// Whether elements are inside each other too deeply to tell what they hide.
    pub(super) is_too_deep: bool,
}

/// Makes a page of its tokens.
pub(super) struct Builder<'t> {
    source: &'t str,
    page: Page,
    open: Vec<(String, Look)>,
    /// How many of each name are open.
    counts: HashMap<String, usize>,
    /// What was hidden by the same element so far.
    run: Option<(Notice, Range<usize>)>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        let (page, open, counts) = (Page::default(), Vec::new(), HashMap::new());
        Self { source, page, open, counts, run: None }
    }

    pub(super) fn token(&mut self, token: Token) {
        match token {
            Token::Text(range) => {
                self.files(range.clone());
                self.text(range);
            }
            Token::Open { name, attributes, range } => {
                self.boundary(&name, range);
                self.open(name, &attributes);
            }
            Token::Close { name, range } => {
                self.close(&name);
                self.end_run();
                self.boundary(&name, range);
            }
            Token::Comment(range) => {
                self.aside(range.clone());
                if !self.source[range.clone()].trim().is_empty() {
                    self.page.comments.push(range);
                }
            }
            Token::Raw(range) => self.aside(range),
        }
    }

    pub(super) fn finish(mut self) -> Page {
        self.end_run();
        self.page
    }

    fn open(&mut self, name: String, attributes: &[Attribute]) {
        let around = self.open.last().map_or_else(Look::default, |(_, look)| *look);
        let mut look = Look::of(around, &name);
        for Attribute { name, value } in attributes {
            let (name, value) = (&self.source[name.clone()], value.clone());
            look.attribute(name, &self.source[value.clone()]);
            self.value(value);
        }
        if EMPTY.contains(&name.as_str()) {
            return;
        }
        if self.open.len() < DEPTH_MAX {
            *self.counts.entry(name.clone()).or_default() += 1;
            self.open.push((name, look));
        } else {
            self.page.is_too_deep = true;
        }
    }

    /// Closes the innermost element of a name, if one is open, and those inside it.
    fn close(&mut self, name: &str) {
        if self.counts.get(name).is_none_or(|count| *count == 0) {
            return;
        }
        while let Some((inner, _)) = self.open.pop() {
            if let Some(count) = self.counts.get_mut(&inner) {
                *count -= 1;
            }
            if inner == name {
                break;
            }
        }
    }

    /// Ends a line if the element stands in none.
    fn boundary(&mut self, name: &str, range: Range<usize>) {
        if BLOCKS.contains(&name) {
            self.page.shown.made("\n", range.clone());
            self.page.hidden.made("\n", range);
        }
    }

    /// The value of an attribute.
    fn value(&mut self, range: Range<usize>) {
        let value = &self.source[range.clone()];
        if !value.contains('&') {
            self.page.files.extend(encoded(value, true));
            return;
        }
        let start = self.page.unseen.text.len();
        decoded(&mut self.page.unseen, self.source, range.clone());
        let files = encoded(&self.page.unseen.text[start..], true);
        self.page.files.extend(files);
        self.page.unseen.made("\n", range.end..range.end);
    }

    /// What is no text of the page. It is searched in the source as it stands.
    fn aside(&mut self, range: Range<usize>) {
        self.files(range.clone());
        if self.source[range.clone()].contains('&') {
            decoded(&mut self.page.unseen, self.source, range.clone());
            self.page.unseen.made("\n", range.end..range.end);
        }
    }

    fn files(&mut self, range: Range<usize>) {
        self.page.files.extend(encoded(&self.source[range], false));
    }

    fn text(&mut self, range: Range<usize>) {
        let hidden = self.open.last().and_then(|(_, look)| look.hidden);
        let Some(notice) = hidden else {
            self.end_run();
            return decoded(&mut self.page.shown, self.source, range);
        };
        decoded(&mut self.page.hidden, self.source, range.clone());
        match &mut self.run {
            Some((known, run)) if known.id() == notice.id() => run.end = range.end,
            _ => {
                self.end_run();
                self.run = Some((notice, range));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((notice, range)) = self.run.take()
            && !self.source[range.clone()].trim().is_empty()
        {
            self.page.notices.push((notice, range));
        }
    }
}

/// Adds a piece of the source with its references resolved.
fn decoded(mapped: &mut Mapped, source: &str, range: Range<usize>) {
    let mut at = range.start;
    while let Some(found) = source[at..range.end].find('&') {
        let from = at + found;
        mapped.same(source, at..from);
        let (resolved, length) = reference(&source[from..range.end]).unwrap_or(("&".into(), 1));
        mapped.made(&resolved, from..from + length);
        at = from + length;
    }
    mapped.same(source, at..range.end);
}
