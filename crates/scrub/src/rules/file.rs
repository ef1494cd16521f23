//! The form of a file of rules, and the checks that a rule has to pass.

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::names::{EntityForm, WordsForm};
use super::{
    MAX_FILE_BYTES, MAX_PATTERN_BYTES, MAX_RULES, Rule, RuleError, RuleSet, Trigger, Trouble,
    Wording,
};
use crate::detect::checksum::Checksum;
use crate::detect::value::Look;
use crate::finding::{Category, Severity};

/// Most bytes of an anchor or context word.
const MAX_WORD_BYTES: usize = 64;

/// Bytes after an anchor that are searched unless a rule says otherwise.
const AFTER_BYTES: usize = 512;

/// Stands for nothing in an example, so that other scanners do not take it for a live secret.
const NOTHING: &str = "{}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    rule: Vec<RuleForm>,
    #[serde(default)]
    notice: Vec<NoticeForm>,
    #[serde(default)]
    words: Vec<WordsForm>,
    #[serde(default)]
    entity: Vec<EntityForm>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    category: Option<Category>,
    severity: Option<Severity>,
    rank: Option<u8>,
    #[serde(default)]
    exact: bool,
    trigger: Option<TriggerForm>,
    #[serde(default)]
    not_names: Vec<String>,
    why: Option<String>,
    what: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    id: String,
    category: Option<Category>,
    severity: Option<Severity>,
    pattern: String,
    #[serde(default)]
    anchors: Vec<String>,
    trigger: Option<TriggerForm>,
    exact: Option<bool>,
    #[serde(default)]
    before: usize,
    after: Option<usize>,
    #[serde(default)]
    context: Vec<String>,
    checksum: Option<String>,
    #[serde(default)]
    entropy_min: u32,
    #[serde(default)]
    digits_min: usize,
    #[serde(default)]
    skip_placeholders: bool,
    /// What the value has to look like: `random` or `password`.
    look: Option<String>,
    /// Words whose presence in the name says that the value is no secret.
    #[serde(default)]
    not_names: Vec<String>,
    rank: Option<u8>,
    examples: Vec<String>,
    counter_examples: Vec<String>,
    why: Option<String>,
    what: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TriggerForm {
    Anchors,
    Assigned,
    Digits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeForm {
    id: String,
    category: Category,
    severity: Severity,
    why: String,
    what: String,
}

/// The examples of one rule.
pub(super) struct Samples {
    file: String,
    rule: usize,
    examples: Vec<String>,
    counter_examples: Vec<String>,
}

impl Samples {
    pub(super) fn check(&self, set: &RuleSet) -> Result<(), RuleError> {
        let rule = &set.rules[self.rule];
        let refuse = |trouble| Err(RuleError::new(&self.file, Some(&rule.id), trouble));
        let finds =
            |text: &String| set.detector.finds(&set.rules, self.rule, &text.replace(NOTHING, ""));
        if let Some(at) = self.examples.iter().position(|text| !finds(text)) {
            return refuse(Trouble::ExampleMissed { at });
        }
        if let Some(at) = self.counter_examples.iter().position(finds) {
            return refuse(Trouble::CounterExampleFound { at });
        }
        Ok(())
    }
}

/// What the files read so far hold.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) rules: Vec<Rule>,
    /// File, id and words.
    pub(super) wordings: Vec<(String, String, Wording)>,
    pub(super) samples: Vec<Samples>,
    pub(super) lexicon: crate::detect::people::Lexicon,
}

impl Loaded {
    pub(super) fn add(&mut self, path: &str, content: &[u8]) -> Result<(), RuleError> {
        let refuse = |trouble| RuleError::new(path, None, trouble);
        if content.len() > MAX_FILE_BYTES {
            let found = content.len();
            return Err(refuse(Trouble::TooLarge { found, limit: MAX_FILE_BYTES }));
        }
        let file: RuleFile = toml::from_slice(content)
            .map_err(|e| refuse(Trouble::Form { message: e.to_string().into() }))?;
        // Most of the time goes into compiling patterns.
        let checked: Vec<_> =
            file.rule.into_par_iter().map(|form| form.check(&file.defaults)).collect();
        for Checked { id, samples, rule } in checked {
            let refuse = |trouble| RuleError::new(path, Some(&id), trouble);
            if self.rules.iter().any(|rule| rule.id == id) {
                return Err(refuse(Trouble::SameId));
            }
            let found = self.rules.len() + 1;
            if found > MAX_RULES {
                return Err(refuse(Trouble::TooMany { found, limit: MAX_RULES }));
            }
            let (examples, counter_examples) = samples;
            let (file, at) = (path.to_owned(), self.rules.len());
            self.samples.push(Samples { file, rule: at, examples, counter_examples });
            self.rules.push(rule.map_err(refuse)?);
        }
        for words in file.words {
            words.add_to(&mut self.lexicon).map_err(refuse)?;
        }
        for form in file.entity {
            self.entity(path, form)?;
        }
        for NoticeForm { id, category, severity, why, what } in file.notice {
            self.wordings.push((path.to_owned(), id, Wording { category, severity, why, what }));
        }
        Ok(())
    }

    fn entity(&mut self, path: &str, form: EntityForm) -> Result<(), RuleError> {
        let id = form.id.clone();
        let refuse = |trouble| RuleError::new(path, Some(&id), trouble);
        if self.rules.iter().any(|rule| rule.id == id) {
            return Err(refuse(Trouble::SameId));
        }
        self.samples.push(Samples {
            file: path.to_owned(),
            rule: self.rules.len(),
            examples: form.examples.clone(),
            counter_examples: form.counter_examples.clone(),
        });
        self.rules.push(form.check().map_err(refuse)?);
        Ok(())
    }
}

/// A rule with its examples and counter-examples, or what is wrong with it.
struct Checked {
    id: String,
    samples: (Vec<String>, Vec<String>),
    rule: Result<Rule, Trouble>,
}

impl RuleForm {
    fn check(self, defaults: &Defaults) -> Checked {
        let samples = (self.examples.clone(), self.counter_examples.clone());
        Checked { id: self.id.clone(), samples, rule: self.rule(defaults) }
    }

    fn rule(self, defaults: &Defaults) -> Result<Rule, Trouble> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if self.id.is_empty() || !self.id.chars().all(is_plain) {
            return Err(Trouble::Id);
        }
        if self.examples.is_empty() || self.counter_examples.is_empty() {
            return Err(Trouble::NoExample);
        }
        let missing = |field| Trouble::Missing { field };
        let category = self.category.or(defaults.category).ok_or_else(|| missing("category"))?;
        let severity = self.severity.or(defaults.severity).ok_or_else(|| missing("severity"))?;
        let why = self.why.or_else(|| defaults.why.clone()).ok_or_else(|| missing("why"))?;
        let what = self.what.or_else(|| defaults.what.clone()).ok_or_else(|| missing("what"))?;
        let form = self.trigger.or(defaults.trigger).unwrap_or(TriggerForm::Anchors);
        let is_prefix = self.exact.unwrap_or(defaults.exact) && self.before == 0;
        let source = match form {
            TriggerForm::Assigned => format!("\\A(?:{})\\z", self.pattern),
            TriggerForm::Anchors if is_prefix => format!("\\A(?:{})", self.pattern),
            TriggerForm::Anchors | TriggerForm::Digits => self.pattern.clone(),
        };
        let pattern = compile(&source)?;
        let words = self.anchors.iter().chain(&self.context);
        if words.into_iter().any(|word| word.is_empty() || word.len() > MAX_WORD_BYTES) {
            return Err(Trouble::Word);
        }
        if self.anchors.is_empty() != matches!(form, TriggerForm::Digits) {
            return Err(Trouble::Trigger);
        }
        let look = match self.look {
            Some(name) => Some(Look::named(&name).ok_or(Trouble::Look { name: name.into() })?),
            None => None,
        };
        let after = self.after.unwrap_or(AFTER_BYTES);
        let texts = self.anchors;
        let trigger = match form {
            TriggerForm::Digits => Trigger::Digits,
            TriggerForm::Assigned => {
                let not_names = defaults.not_names.iter().cloned().chain(self.not_names).collect();
                Trigger::Assigned { texts, look, not_names }
            }
            TriggerForm::Anchors if is_prefix => {
                Trigger::Prefixes { texts, after, least: least(&self.pattern) }
            }
            TriggerForm::Anchors => Trigger::Anchors { texts, before: self.before, after },
        };
        let checksum = match self.checksum {
            Some(name) => {
                Some(Checksum::named(&name).ok_or(Trouble::Checksum { name: name.into() })?)
            }
            None => None,
        };
        Ok(Rule {
            id: self.id,
            category,
            severity,
            pattern,
            trigger,
            context: context(&self.context)?,
            checksum,
            entropy_min: self.entropy_min,
            digits_min: self.digits_min,
            skip_placeholders: self.skip_placeholders,
            rank: self.rank.or(defaults.rank).unwrap_or(50),
            why,
            what,
        })
    }
}

fn compile(source: &str) -> Result<Regex, Trouble> {
    let pattern = RegexBuilder::new(source)
        .size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|e| Trouble::Pattern { message: e.to_string().into() })?;
    if pattern.is_match("") { Err(Trouble::MatchesEmpty) } else { Ok(pattern) }
}

/// Least bytes of a match of a pattern.
fn least(pattern: &str) -> usize {
    regex_syntax::parse(pattern).ok().and_then(|hir| hir.properties().minimum_len()).unwrap_or(0)
}

fn context(words: &[String]) -> Result<Option<AhoCorasick>, Trouble> {
    if words.is_empty() {
        return Ok(None);
    }
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
    automaton.map(Some).map_err(|_| Trouble::Word)
}
