//! The file as it is written, before anything in it is looked up.

use serde::Deserialize;
use toml::Spanned;

/// A word or text with its place.
pub(super) type Word = Spanned<String>;

/// Words with their places, and the place of the list.
pub(super) type Words = Spanned<Vec<Word>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub calendar: Spanned<Vec<Spanned<CalendarEntry>>>,
    pub field: Spanned<Vec<Spanned<FieldEntry>>>,
    pub form: Spanned<Vec<Spanned<FormEntry>>>,
    pub ground: Spanned<Vec<Spanned<GroundEntry>>>,
    pub reason: Spanned<Vec<Spanned<ReasonEntry>>>,
    pub transition: Spanned<Vec<Spanned<TransitionEntry>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarEntry {
    pub id: Word,
    pub title: Word,
    pub source: Word,
    pub weekend: Words,
    pub observed: Word,
    pub rolls: bool,
    #[serde(default)]
    pub business_days_min: u8,
    pub offset_west: Spanned<i32>,
    pub offset_east: i32,
    pub holidays: Spanned<Vec<HolidayEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HolidayEntry {
    pub name: Word,
    pub day: Word,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldEntry {
    pub id: Word,
    pub title: Word,
    pub asks: Word,
    #[serde(default)]
    pub choices: Vec<ChoiceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceEntry {
    pub id: Word,
    pub means: Word,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormEntry {
    pub id: Word,
    pub title: Word,
    pub source: Word,
    pub required: Words,
    pub one_of: Option<Words>,
    pub optional: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroundEntry {
    pub id: Word,
    pub title: Word,
    pub source: Word,
    pub form: Option<Word>,
    pub counter_form: Option<Word>,
    pub public_class: Word,
    pub decides: Words,
    pub divisible: bool,
    pub quarantine: Word,
    pub remedies: Words,
    #[serde(default)]
    pub deadline: Vec<Spanned<DeadlineEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlineEntry {
    pub name: Word,
    pub title: Word,
    pub source: Word,
    pub set_by: Word,
    pub starts: Words,
    pub ends: Words,
    pub at_least: Option<Spanned<u32>>,
    pub at_most: Spanned<u32>,
    pub unit: Word,
    pub calendar: Word,
    pub extension: Option<ExtensionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionEntry {
    pub by: Spanned<u32>,
    pub times: Spanned<u32>,
    pub condition: Word,
    pub source: Word,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonEntry {
    pub code: Word,
    pub title: Word,
    pub grounds: Option<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransitionEntry {
    pub from: Words,
    pub to: Word,
    pub by: Words,
    pub needs: Words,
    pub reasons: Words,
    pub remedy: Option<Word>,
    pub grounds: Option<Words>,
}
