//! Lists of words, and what is recognised by them.

use serde::Deserialize;

use super::{Rule, Trigger, Trouble};
use crate::detect::people::{Entity, Lexicon, class};
use crate::finding::{Category, Severity};

/// Words of one class.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsForm {
    class: String,
    /// What stands between two words; white space if absent.
    separator: Option<char>,
    list: String,
}

impl WordsForm {
    /// Adds the words to those of other files.
    pub(super) fn add_to(&self, lexicon: &mut Lexicon) -> Result<(), Trouble> {
        let class = class::named(&self.class)
            .ok_or_else(|| Trouble::Form { message: format!("no class {}", self.class).into() })?;
        let is_between = |c: char| self.separator.map_or(c.is_whitespace(), |it| c == it);
        let words = self.list.split(is_between).map(str::trim).filter(|word| !word.is_empty());
        words.for_each(|word| lexicon.add(word, class));
        Ok(())
    }
}

/// What is recognised by words and not by a pattern.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityForm {
    pub(super) id: String,
    entity: Entity,
    category: Option<Category>,
    severity: Severity,
    rank: u8,
    pub(super) examples: Vec<String>,
    pub(super) counter_examples: Vec<String>,
    why: String,
    what: String,
}

impl EntityForm {
    pub(super) fn check(self) -> Result<Rule, Trouble> {
        if self.examples.is_empty() || self.counter_examples.is_empty() {
            return Err(Trouble::NoExample);
        }
        // Its trigger never leads to the pattern, which matches nothing.
        let pattern = regex::Regex::new(r"[^\s\S]")
            .map_err(|e| Trouble::Pattern { message: e.to_string().into() })?;
        Ok(Rule {
            id: self.id,
            category: self.category.unwrap_or(Category::PersonalData),
            severity: self.severity,
            pattern,
            trigger: Trigger::Entity(self.entity),
            context: None,
            checksum: None,
            entropy_min: 0,
            digits_min: 0,
            skip_placeholders: false,
            rank: self.rank,
            why: self.why,
            what: self.what,
        })
    }
}
