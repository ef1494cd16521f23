//! From the file to rules: every word looked up, every number within its bounds.

use toml::Spanned;

use super::{
    Actor, Calendar, Counted, Deadline, ExtensionRule, Field, FieldKind, FieldText, Form, Ground,
    Holiday, MAX_NAME_BYTES, MAX_TEXT_BYTES, Named, Need, Observed, PublicClass, Quarantine,
    RULES_PATH, Reason, Remedy, Rules, RulesError, SetBy, State, Transition, Unit,
    calendar::{MAX_HOLIDAYS, MAX_WEEKEND_DAYS},
    check,
    file::{
        CalendarEntry, DeadlineEntry, ExtensionEntry, FieldEntry, File, FormEntry, GroundEntry,
        ReasonEntry, TransitionEntry, Word, Words,
    },
    holiday::{DayOfYear, weekday_of},
};
use crate::{Digest, load::Place, words::Role};

const MAX_CALENDARS: usize = 32;
const MAX_FORMS: usize = 64;
const MAX_CHOICES: usize = 32;
const MAX_REASONS: usize = 256;
const MAX_GROUNDS: usize = 32;
const MAX_DEADLINES: usize = 32;

/// Most transitions, once each state that one comes from is counted.
const MAX_TRANSITIONS: usize = 512;

/// Most days, business days or months of a time.
const MAX_LENGTH: u32 = 1_000;

/// Most times that a time is made longer.
const MAX_EXTENSIONS: u32 = 12;

/// Minutes that a clock on land can be ahead of UTC.
const OFFSETS: std::ops::RangeInclusive<i32> = -720..=840;

/// The word for the beginning of a case, where states stand.
const BEGINNING: &str = "beginning";

type Read<T> = Result<T, RulesError>;

/// Reads and checks the rules.
pub(super) fn rules(text: &str, sha256: Digest) -> Read<Rules> {
    let reader = Reader {
        text,
        rules: Rules {
            sha256,
            calendars: Vec::new(),
            fields: Vec::new(),
            forms: Vec::new(),
            reasons: Vec::new(),
            grounds: Vec::new(),
            transitions: Vec::new(),
        },
    };
    let file: File = toml::from_str(text).map_err(|error| RulesError::Toml {
        place: Place::of(RULES_PATH, text, error.span().map_or(0, |span| span.start)),
        message: error.message().into(),
    })?;
    reader.read(file)
}

struct Reader<'a> {
    text: &'a str,
    rules: Rules,
}

impl Reader<'_> {
    fn read(mut self, file: File) -> Read<Rules> {
        self.count(&file.calendar, Counted::Calendars, MAX_CALENDARS)?;
        self.count(&file.field, Counted::Fields, Field::ALL.len())?;
        self.count(&file.form, Counted::Forms, MAX_FORMS)?;
        self.count(&file.reason, Counted::Reasons, MAX_REASONS)?;
        self.count(&file.ground, Counted::Grounds, MAX_GROUNDS)?;
        self.count(&file.transition, Counted::Transitions, MAX_TRANSITIONS)?;
        for entry in file.calendar.into_inner() {
            let calendar = self.calendar(entry.get_ref())?;
            self.rules.calendars.push(calendar);
        }
        for entry in file.field.into_inner() {
            let field = self.field(&entry)?;
            self.rules.fields.push(field);
        }
        for entry in file.form.into_inner() {
            let form = self.form(entry.get_ref())?;
            self.rules.forms.push(form);
        }
        let mut places = check::Places::default();
        for entry in file.ground.into_inner() {
            let ground = self.ground(entry.get_ref(), &mut places)?;
            places.grounds.push(self.at(&entry));
            self.rules.grounds.push(ground);
        }
        for entry in file.reason.into_inner() {
            let reason = self.reason(entry.get_ref())?;
            self.rules.reasons.push(reason);
        }
        for entry in file.transition.into_inner() {
            let place = self.at(&entry);
            for transition in self.transitions(entry.get_ref())? {
                places.transitions.push(place.clone());
                self.rules.transitions.push(transition);
            }
        }
        let (found, most) = (self.rules.transitions.len(), MAX_TRANSITIONS);
        if found > most {
            let place = Place::of(RULES_PATH, self.text, self.text.len());
            let what = Counted::Transitions;
            return Err(RulesError::Count { place, what, found, least: 1, most });
        }
        check::check(&self.rules, &places)?;
        Ok(self.rules)
    }

    fn calendar(&self, entry: &CalendarEntry) -> Read<Calendar> {
        let id = self.new_name(&entry.id, |id| self.rules.calendar(id).is_some())?;
        let weekend = self.list(&entry.weekend, Named::Weekday, weekday_of)?;
        self.bound(&entry.weekend, Counted::Weekend, weekend.len(), 0, MAX_WEEKEND_DAYS)?;
        let found = entry.holidays.get_ref().len();
        self.bound(&entry.holidays, Counted::Holidays, found, 0, MAX_HOLIDAYS)?;
        let holiday = |holiday: &super::file::HolidayEntry| {
            let day = self.word(&holiday.day, Named::DayOfYear, DayOfYear::parse)?;
            Ok(Holiday { name: self.text(&holiday.name)?, day })
        };
        let (offset_west, offset_east) = (*entry.offset_west.get_ref(), entry.offset_east);
        let on_land = OFFSETS.contains(&offset_west) && OFFSETS.contains(&offset_east);
        if !on_land || offset_west > offset_east {
            return Err(RulesError::Offset { place: self.at(&entry.offset_west) });
        }
        Ok(Calendar {
            id,
            title: self.text(&entry.title)?,
            source: self.text(&entry.source)?,
            weekend,
            holidays: entry.holidays.get_ref().iter().map(holiday).collect::<Read<_>>()?,
            observed: self.word(&entry.observed, Named::Observed, Observed::parse)?,
            rolls: entry.rolls,
            business_days_min: entry.business_days_min,
            offset_west,
            offset_east,
        })
    }

    fn field(&self, entry: &Spanned<FieldEntry>) -> Read<FieldText> {
        let place = self.at(entry);
        let entry = entry.get_ref();
        let field = self.word(&entry.id, Named::Field, Field::parse)?;
        if self.rules.field(field).is_some() {
            return Err(RulesError::Repeated { place: self.at(&entry.id) });
        }
        let mut choices: Vec<(Box<str>, Box<str>)> = Vec::new();
        self.bound(&entry.id, Counted::Choices, entry.choices.len(), 0, MAX_CHOICES)?;
        for choice in &entry.choices {
            let id = self.new_name(&choice.id, |id| choices.iter().any(|known| *known.0 == *id))?;
            choices.push((id, self.text(&choice.means)?));
        }
        if (field.kind() == FieldKind::Choice) == choices.is_empty() {
            return Err(RulesError::Choices { place });
        }
        let (title, asks) = (self.text(&entry.title)?, self.text(&entry.asks)?);
        Ok(FieldText { field, title, asks, choices })
    }

    fn form(&self, entry: &FormEntry) -> Read<Form> {
        let is_known = |id: &str| self.rules.forms.iter().any(|form| *form.id == *id);
        let id = self.new_name(&entry.id, is_known)?;
        let read = |words: &Words| self.list(words, Named::Field, Field::parse);
        let required = self.some(&entry.required, Named::Field, Field::parse)?;
        let one_of = entry.one_of.as_ref().map(read).transpose()?.unwrap_or_default();
        let optional = read(&entry.optional)?;
        let mut seen = Vec::new();
        let lists = [Some(&entry.required), entry.one_of.as_ref(), Some(&entry.optional)];
        for word in lists.into_iter().flatten().flat_map(|words| words.get_ref()) {
            let field = self.word(word, Named::Field, Field::parse)?;
            if self.rules.field(field).is_none() {
                return Err(RulesError::FieldUntitled { place: self.at(word) });
            }
            if seen.contains(&field) {
                return Err(RulesError::Repeated { place: self.at(word) });
            }
            seen.push(field);
        }
        let (title, source) = (self.text(&entry.title)?, self.text(&entry.source)?);
        Ok(Form { id, title, source, required, one_of, optional })
    }

    fn ground(&self, entry: &GroundEntry, places: &mut check::Places) -> Read<Ground> {
        let form_at = |name: &Option<Word>| {
            let find = |id: &str| self.rules.forms.iter().position(|form| *form.id == *id);
            name.as_ref().map(|name| self.word(name, Named::Form, find)).transpose()
        };
        let (found, most) = (entry.deadline.len(), MAX_DEADLINES);
        self.bound(&entry.id, Counted::Deadlines, found, 0, most)?;
        let mut deadlines: Vec<Deadline> = Vec::with_capacity(found);
        let mut deadline_places = Vec::with_capacity(found);
        for deadline in &entry.deadline {
            deadline_places.push(self.at(deadline));
            deadlines.push(self.deadline(deadline.get_ref(), &deadlines)?);
        }
        places.deadlines.push(deadline_places);
        Ok(Ground {
            id: self.new_name(&entry.id, |id| self.rules.ground(id).is_some())?,
            title: self.text(&entry.title)?,
            source: self.text(&entry.source)?,
            public_class: self.word(&entry.public_class, Named::PublicClass, PublicClass::parse)?,
            decides: self.some(&entry.decides, Named::Role, Role::parse)?.into_iter().collect(),
            is_divisible: entry.divisible,
            quarantine: self.word(&entry.quarantine, Named::Quarantine, Quarantine::parse)?,
            remedies: self.some(&entry.remedies, Named::Remedy, Remedy::parse)?,
            form: form_at(&entry.form)?,
            counter_form: form_at(&entry.counter_form)?,
            deadlines,
        })
    }

    fn deadline(&self, entry: &DeadlineEntry, earlier: &[Deadline]) -> Read<Deadline> {
        let is_known = |name: &str| earlier.iter().any(|deadline| *deadline.name == *name);
        let find = |id: &str| self.rules.calendars.iter().position(|c| c.as_str() == id);
        let name = self.new_name(&entry.name, is_known)?;
        let calendar = self.word(&entry.calendar, Named::Calendar, find)?;
        let unit = self.word(&entry.unit, Named::Unit, Unit::parse)?;
        let closes = self.rules.calendars.get(calendar).is_some_and(Calendar::ever_closes);
        if unit == Unit::BusinessDays && !closes {
            return Err(RulesError::NeverClosed { place: self.at(&entry.calendar) });
        }
        let at_most = self.length(&entry.at_most, MAX_LENGTH)?;
        let at_least =
            entry.at_least.as_ref().map(|least| self.length(least, MAX_LENGTH)).transpose()?;
        if let (Some(least), Some(length)) = (&entry.at_least, at_least)
            && length > at_most
        {
            return Err(RulesError::LeastAboveMost { place: self.at(least) });
        }
        let extension = |entry: &ExtensionEntry| {
            Ok(ExtensionRule {
                by: self.length(&entry.by, MAX_LENGTH)?,
                times: self.length(&entry.times, MAX_EXTENSIONS)?,
                condition: self.text(&entry.condition)?,
                source: self.text(&entry.source)?,
            })
        };
        Ok(Deadline {
            name,
            title: self.text(&entry.title)?,
            source: self.text(&entry.source)?,
            set_by: self.word(&entry.set_by, Named::SetBy, SetBy::parse)?,
            starts: self.some(&entry.starts, Named::State, State::parse)?,
            ends: self.some(&entry.ends, Named::State, State::parse)?,
            unit,
            at_least,
            at_most,
            extension: entry.extension.as_ref().map(extension).transpose()?,
            calendar,
        })
    }

    fn reason(&self, entry: &ReasonEntry) -> Read<Reason> {
        Ok(Reason {
            code: self.new_name(&entry.code, |code| self.rules.reason(code).is_some())?,
            title: self.text(&entry.title)?,
            grounds: self.grounds(entry.grounds.as_ref())?,
        })
    }

    fn transitions(&self, entry: &TransitionEntry) -> Read<Vec<Transition>> {
        let state = |word: &str| match word {
            BEGINNING => Some(None),
            _ => State::parse(word).map(Some),
        };
        let find = |code: &str| self.rules.reasons.iter().position(|r| *r.code == *code);
        let remedy = |word| self.word(word, Named::Remedy, Remedy::parse);
        let template = Transition {
            from: None,
            to: self.word(&entry.to, Named::State, State::parse)?,
            actors: self.some(&entry.by, Named::Actor, Actor::parse)?,
            needs: self.list(&entry.needs, Named::Need, Need::parse)?,
            remedy: entry.remedy.as_ref().map(remedy).transpose()?,
            reasons: self.list(&entry.reasons, Named::Reason, find)?,
            grounds: self.grounds(entry.grounds.as_ref())?,
        };
        let from = self.some(&entry.from, Named::State, state)?;
        Ok(from.into_iter().map(|from| Transition { from, ..template.clone() }).collect())
    }

    /// Positions of grounds; none if the list was left out, which stands for all.
    fn grounds(&self, words: Option<&Words>) -> Read<Vec<usize>> {
        let find = |id: &str| self.rules.grounds.iter().position(|ground| *ground.id == *id);
        words
            .map(|words| self.some(words, Named::Ground, find))
            .transpose()
            .map(Option::unwrap_or_default)
    }
}

/// Words, texts and numbers.
impl Reader<'_> {
    fn at<T>(&self, spanned: &Spanned<T>) -> Place {
        Place::of(RULES_PATH, self.text, spanned.span().start)
    }

    fn word<T>(&self, word: &Word, what: Named, parse: impl Fn(&str) -> Option<T>) -> Read<T> {
        parse(word.get_ref()).ok_or_else(|| RulesError::Unknown { place: self.at(word), what })
    }

    /// A list of words, each once.
    fn list<T: PartialEq>(
        &self,
        words: &Words,
        what: Named,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<Vec<T>> {
        let mut items = Vec::new();
        for word in words.get_ref() {
            let item = self.word(word, what, &parse)?;
            if items.contains(&item) {
                return Err(RulesError::Repeated { place: self.at(word) });
            }
            items.push(item);
        }
        Ok(items)
    }

    /// A list of at least one word.
    fn some<T: PartialEq>(
        &self,
        words: &Words,
        what: Named,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<Vec<T>> {
        match self.list(words, what, parse)? {
            items if items.is_empty() => Err(RulesError::Empty { place: self.at(words) }),
            items => Ok(items),
        }
    }

    fn new_name(&self, word: &Word, is_known: impl Fn(&str) -> bool) -> Read<Box<str>> {
        let (name, limit) = (word.get_ref(), MAX_NAME_BYTES);
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=limit).contains(&name.len()) || !name.bytes().all(is_plain) {
            return Err(RulesError::Name { place: self.at(word), limit });
        }
        if is_known(name) {
            return Err(RulesError::Repeated { place: self.at(word) });
        }
        Ok(name.as_str().into())
    }

    fn text(&self, word: &Word) -> Read<Box<str>> {
        let (text, limit) = (word.get_ref().trim(), MAX_TEXT_BYTES);
        if !(1..=limit).contains(&text.len()) {
            return Err(RulesError::Text { place: self.at(word), limit });
        }
        Ok(text.into())
    }

    fn length(&self, number: &Spanned<u32>, limit: u32) -> Read<u32> {
        match *number.get_ref() {
            length if (1..=limit).contains(&length) => Ok(length),
            _ => Err(RulesError::Length { place: self.at(number), limit }),
        }
    }

    fn count<T>(&self, list: &Spanned<Vec<T>>, what: Counted, most: usize) -> Read<()> {
        self.bound(list, what, list.get_ref().len(), 1, most)
    }

    fn bound<T>(
        &self,
        at: &Spanned<T>,
        what: Counted,
        found: usize,
        least: usize,
        most: usize,
    ) -> Read<()> {
        if (least..=most).contains(&found) {
            return Ok(());
        }
        Err(RulesError::Count { place: self.at(at), what, found, least, most })
    }
}
