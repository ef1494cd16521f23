//! What a notice has to say.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Field, FieldKind, Ground, Rules};

/// How a sentence is agreed to.
pub const AGREED: &str = "yes";

/// A form: which fields it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub(super) id: Box<str>,
    /// What it is called.
    pub title: Box<str>,
    /// Statute and section that asks for its fields.
    pub source: Box<str>,
    /// Fields without which it says nothing, in the order of the file.
    pub required: Vec<Field>,
    /// Fields of which one is enough, but without any of them it says nothing; may be empty.
    pub one_of: Vec<Field>,
    /// Fields that help.
    pub optional: Vec<Field>,
}

/// A field as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldText {
    /// The field.
    pub field: Field,
    /// What it is called.
    pub title: Box<str>,
    /// What is asked, or the sentence that is agreed to.
    pub asks: Box<str>,
    /// What can be chosen: word and meaning. Empty for fields that are written.
    pub choices: Vec<(Box<str>, Box<str>)>,
}

impl FieldText {
    /// What is wrong with a value that is filled in; `None` if nothing is.
    #[must_use]
    pub fn problem(&self, value: &str) -> Option<String> {
        let fits = match self.field.kind() {
            FieldKind::Text | FieldKind::File => true,
            FieldKind::Line => !value.contains(['\r', '\n']),
            FieldKind::Email => value.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && !host.is_empty() && !value.contains(char::is_whitespace)
            }),
            FieldKind::Date => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
            FieldKind::Agreement => value == AGREED,
            FieldKind::Choice => self.choices.iter().any(|(word, _)| &**word == value),
        };
        if fits {
            return None;
        }
        Some(match self.field.kind() {
            FieldKind::Email => "write an e-mail address".into(),
            FieldKind::Date => "write the day such as 2026-03-01".into(),
            FieldKind::Agreement => format!("write {AGREED:?} to agree: {}", self.asks),
            FieldKind::Choice => {
                let words: Vec<&str> = self.choices.iter().map(|(word, _)| &**word).collect();
                format!("choose one of: {}", words.join(", "))
            }
            FieldKind::Line | FieldKind::Text | FieldKind::File => "write one line".into(),
        })
    }
}

impl Form {
    /// Its name in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Required fields that are not among those given, in the order of the form. Where one of
    /// several is enough and none is given, the first of them is missing.
    #[must_use]
    pub fn missing(&self, given: &BTreeSet<&str>) -> Vec<Field> {
        let is_missing = |field: &Field| !given.contains(field.as_str());
        let mut missing: Vec<Field> = self.required.iter().copied().filter(is_missing).collect();
        if self.one_of.iter().all(is_missing) {
            missing.extend(self.one_of.first());
        }
        missing
    }

    /// Every field, in the order of the form.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.required.iter().chain(&self.one_of).chain(&self.optional).copied()
    }

    /// Whether the form has this field.
    #[must_use]
    pub fn asks_for(&self, field: Field) -> bool {
        self.fields().any(|each| each == field)
    }
}

impl Rules {
    /// The forms, in the order of the file.
    #[must_use]
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The form of a notice on this ground; `None` if a case on it needs no notice.
    #[must_use]
    pub fn form(&self, ground: &Ground) -> Option<&Form> {
        self.forms.get(ground.form?)
    }

    /// The form of a counter-notice on this ground; `None` if there is none.
    #[must_use]
    pub fn counter_form(&self, ground: &Ground) -> Option<&Form> {
        self.forms.get(ground.counter_form?)
    }

    /// Fields that a notice on this ground still lacks. `given` are the names of fields that are
    /// filled in; whatever is not a field is ignored.
    #[must_use]
    pub fn missing_fields(&self, ground: &Ground, given: &BTreeSet<&str>) -> Vec<Field> {
        self.form(ground).map(|form| form.missing(given)).unwrap_or_default()
    }

    /// The texts of a field; `None` if no form has it.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&FieldText> {
        self.fields.iter().find(|text| text.field == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(field: Field, value: &str) -> Option<String> {
        let choices = vec![("a".into(), "First".into()), ("b".into(), "Second".into())];
        let text = FieldText { field, title: "T".into(), asks: "It is so.".into(), choices };
        text.problem(value)
    }

    #[test]
    fn values_fit_the_kind_of_their_field() {
        for (field, good, bad) in [
            (Field::ContactEmail, "a@b.example", "a at b"),
            (Field::ContactEmail, "a@b.example", "a b@c"),
            (Field::OrderDate, "2026-02-28", "2026-02-30"),
            (Field::OrderDate, "2026-02-28", "28.2.2026"),
            (Field::ErasureGround, "b", "c"),
            (Field::GoodFaith, "yes", "no"),
            (Field::Claimant, "A. Person", "A.\nPerson"),
        ] {
            assert_eq!(problem(field, good), None, "{field} {good}");
            assert!(problem(field, bad).is_some(), "{field} {bad}");
        }
        assert_eq!(problem(Field::Explanation, "One.\nTwo."), None);
        let told = problem(Field::ErasureGround, "z").unwrap();
        assert!(told.contains("a, b"), "{told}");
        assert!(problem(Field::GoodFaith, "on").unwrap().contains("It is so."));
    }
}
