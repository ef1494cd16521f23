//! What an element says of its own look. Style sheets are not applied.

use crate::rules::Notice;

/// Sizes of text that nobody can read.
const TINY: [&str; 8] = [
    "font-size:0;",
    "font-size:0p",
    "font-size:1px",
    "font-size:1pt",
    "font-size:2px",
    "font-size:2pt",
    "font-size:.",
    "font-size:0.",
];

/// Rules that hide what is in an element.
const HIDING: [&str; 6] = [
    "display:none",
    "visibility:hidden",
    "opacity:0;",
    "mso-hide:all",
    "max-height:0;",
    "max-height:0p",
];

/// How an element shows what is in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) hidden: Option<Notice>,
    has_ground: bool,
}

impl Look {
    /// The look of an element of a name in another one.
    pub(super) fn of(around: Self, name: &str) -> Self {
        let hidden = if name == "template" { Some(Notice::HiddenText) } else { around.hidden };
        Self { hidden, ..around }
    }

    /// Takes an attribute into account.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let is_style = is("style");
        if !(is_style || is("hidden") || is("color") || is("bgcolor")) {
            return;
        }
        let value = value.to_ascii_lowercase();
        let style: String = value.split_whitespace().collect::<String>() + ";";
        self.has_ground |= is("bgcolor") || (is_style && style.contains("background"));
        let is_hidden =
            is("hidden") || (is_style && HIDING.iter().any(|hiding| style.contains(hiding)));
        let is_white = (is("color") && is_white(&value))
            || (is_style
                && style.split(';').any(|rule| rule.strip_prefix("color:").is_some_and(is_white)));
        if is_hidden {
            self.hidden = Some(Notice::HiddenText);
        } else if is_white && !self.has_ground {
            self.hidden = self.hidden.or(Some(Notice::WhiteText));
        } else if is_style && TINY.iter().any(|tiny| style.contains(tiny)) {
            self.hidden = self.hidden.or(Some(Notice::TinyText));
        }
    }
}

fn is_white(colour: &str) -> bool {
    let colour = colour.trim().trim_end_matches("!important");
    matches!(colour, "white" | "#fff" | "#ffffff" | "rgb(255,255,255)" | "transparent")
}
