//! What a notice has to say.

use std::collections::BTreeSet;

use super::{Field, Ground, Rules};

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
