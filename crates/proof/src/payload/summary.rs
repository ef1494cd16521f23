//! A payload in words, for the person who signs or reads it.

use std::fmt::Display;

/// Lines of a summary: label and value, in reading order. A label may repeat.
pub type Lines = Vec<(&'static str, String)>;

/// Collects the lines of a summary.
#[derive(Debug, Default)]
pub struct Summary(Lines);

impl Summary {
    /// Adds one line.
    pub fn add(&mut self, label: &'static str, value: impl Display) {
        self.0.push((label, value.to_string()));
    }

    /// Adds a line for a value that may be absent.
    pub fn add_some(&mut self, label: &'static str, value: Option<&impl Display>) {
        if let Some(value) = value {
            self.add(label, value);
        }
    }

    /// Adds a line that says `yes` or `no`.
    pub fn add_bool(&mut self, label: &'static str, value: bool) {
        self.add(label, yes_or_no(value));
    }

    /// Adds one line per element, or one that says `none`.
    pub fn add_each<T: Display>(
        &mut self,
        label: &'static str,
        elements: impl IntoIterator<Item = T>,
    ) {
        let before = self.0.len();
        self.0.extend(elements.into_iter().map(|element| (label, element.to_string())));
        if self.0.len() == before {
            self.add(label, "none");
        }
    }

    /// The lines collected.
    #[must_use]
    pub fn into_lines(self) -> Lines {
        self.0
    }
}

/// A truth value in a word.
pub(super) const fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
