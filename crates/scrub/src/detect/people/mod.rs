//! People, organisations, places and addresses, by word lists, context and shape, without a service
//! and without a model.
//!
//! Only capitalised words are looked up. In text written for machines nothing counts but what cannot
//! be anything else; in text written for people an unknown capitalised word counts where its context
//! says that it is a name.

mod address;
mod context;
mod glance;
pub(crate) mod lexicon;
mod line;
mod names;
mod recase;
mod shapes;
mod table;
mod web;

use glance::Glance;
pub(crate) use lexicon::{Lexicon, class};
use line::Style;

/// What is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Entity {
    /// A natural person.
    Person,
    /// A company, authority or other organisation.
    Organisation,
    /// A town, region or country.
    Place,
    /// Where somebody comes from, or what somebody believes.
    Nationality,
    /// A postal address or a part of one.
    Address,
    /// A day on which something happened to somebody.
    Date,
    /// The form of a telephone number.
    Phone,
    /// How old somebody is.
    Age,
    /// A post code.
    PostCode,
    /// An address of the web.
    Url,
    /// The name of an account.
    UserName,
    /// A long number under which somebody or something is kept.
    Number,
    /// A wallet of a coin without a bank.
    Wallet,
}

/// Something recognised: bytes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) entity: Entity,
}

/// Most bytes of a line that are looked at together.
const LINE_BYTES: usize = 4096;

/// One line under the eye, with what is known about its surroundings.
pub(crate) struct Line<'t> {
    pub(crate) lexicon: &'t Lexicon,
    pub(crate) text: &'t str,
    pub(crate) style: Style,
    /// Whether the line before ended a letter: the next names are its signature.
    pub(crate) is_signature: bool,
    /// Whether nouns have capitals in the language of the line.
    pub(crate) is_german: bool,
}

/// Everything recognised in a text.
pub(crate) fn search(lexicon: &Lexicon, text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    if lexicon.is_empty() {
        return all;
    }
    let style = line::style(text);
    let case = recase::case(text);
    let (mut tokens, mut found) = (Vec::new(), Vec::new());
    let (mut at, mut signature) = (0, 0_u8);
    let mut is_after_blank = true;
    let mut columns = table::Columns::default();
    while at < text.len() {
        let end = line_end(text, at);
        let content = text[at..end].trim_end_matches(['\n', '\r']);
        let is_text = || style == Style::Prose || !line::is_code(content.trim());
        let is_column = (is_after_blank || columns.are_open())
            && is_text()
            && columns.line(content, is_after_blank, at, &mut all);
        is_after_blank = content.trim_start().is_empty();
        if content.len() > 1 && !is_column && (style == Style::Prose || line::has_pair(content)) {
            let glance = Glance::of(content);
            let recased = (style == Style::Prose)
                .then(|| recase::recased(lexicon, case, content, glance))
                .flatten();
            let seen = recased.as_deref().unwrap_or(content);
            tokens.clear();
            if recased.is_some() || glance.may_have_capital() {
                line::tokens(lexicon, seen, &mut tokens);
            }
            let is_closing = style == Style::Prose && context::is_closing(seen);
            if !tokens.is_empty() {
                let line = Line {
                    lexicon,
                    text: seen,
                    style: if glance.has_marks() { of_line(style, seen) } else { style },
                    is_signature: signature > 0,
                    is_german: style == Style::Prose && context::is_german(seen),
                };
                // What follows a line is looked at only where the line itself is as it was.
                let text = if recased.is_some() { seen } else { &text[at..] };
                names::find(&line, &tokens, &mut found);
                address::find(&line, &tokens, text, &mut found);
            }
            if style == Style::Prose {
                let seen_glance = recased.as_deref().map_or(glance, Glance::of);
                address::dates(seen, seen_glance, &mut found);
                shapes::find(seen, seen_glance, &mut found);
                web::urls(content, &mut found);
                if glance.has_small() {
                    web::users(lexicon, content, &mut found);
                }
            }
            all.extend(found.drain(..).map(|f| Found {
                start: f.start + at,
                end: f.end + at,
                ..f
            }));
            let fewer = signature.saturating_sub(u8::from(!is_after_blank));
            signature = if is_closing { 3 } else { fewer };
        }
        at = end;
    }
    all
}

/// End of the line that starts at `at`, or of a piece of it.
fn line_end(text: &str, at: usize) -> usize {
    let most = text.ceil_char_boundary((at + LINE_BYTES).min(text.len()));
    match memchr::memchr(b'\n', &text.as_bytes()[at..most]) {
        Some(end) => at + end + 1,
        // A long line is cut at a space, so that no name is cut.
        None if most < text.len() => {
            text[at..most].rfind(' ').filter(|cut| *cut > 0).map_or(most, |cut| at + cut)
        }
        None => most,
    }
}

/// A line of code in prose is code; comments in code stay code.
fn of_line(style: Style, content: &str) -> Style {
    let trimmed = content.trim();
    let marks = trimmed.bytes().filter(|b| matches!(b, b'{' | b'}' | b'\\' | b'=' | b';')).count();
    if style == Style::Prose && marks > 3 { Style::Code } else { style }
}
