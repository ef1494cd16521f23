//! The same content in two forms (ISO/IEC 29500-3 §7): programs show the one that they know. Text
//! that both have counts once; what only the other form has is searched too.

use std::collections::HashSet;

/// What is known of the alternatives that are open.
#[derive(Default)]
pub(super) struct Alternate {
    open: usize,
    fallbacks: usize,
    texts: HashSet<String>,
}

impl Alternate {
    pub(super) fn open(&mut self, name: &str) {
        match name {
            "AlternateContent" => {
                if self.open == 0 {
                    self.texts.clear();
                }
                self.open += 1;
            }
            "Fallback" => self.fallbacks += 1,
            _ => {}
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        match name {
            "AlternateContent" => self.open = self.open.saturating_sub(1),
            "Fallback" => self.fallbacks = self.fallbacks.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether a text was there already in the form that is shown.
    pub(super) fn repeats(&mut self, text: &str) -> bool {
        if self.open == 0 {
            return false;
        }
        if self.fallbacks > 0 {
            return self.texts.contains(text.trim());
        }
        self.texts.insert(text.trim().to_owned());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_both_forms_counts_once() {
        let mut alternate = Alternate::default();
        assert!(!alternate.repeats("a") && !alternate.repeats("a"));
        ["AlternateContent", "Choice"].iter().for_each(|name| alternate.open(name));
        assert!(!alternate.repeats("a") && !alternate.repeats("a"));
        alternate.close("Choice");
        alternate.open("Fallback");
        assert!(alternate.repeats(" a") && !alternate.repeats("b"));
        ["Fallback", "AlternateContent"].iter().for_each(|name| alternate.close(name));
        assert!(!alternate.repeats("a"));
    }
}
