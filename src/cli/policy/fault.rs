//! What is wrong with a bundle, shown in the line that has it.

use attestry_policy::{
    clauses::{CatalogueError, HistoryError, ResignError},
    letters::{LETTERS_PATH, LettersError},
    load::{LoadError, Place},
    takedown::{RULES_PATH, RulesError},
};
use attestry_scrub::RuleError;
use serde::Serialize;

use crate::cli::output::Output;

/// Most characters of a line that are shown.
const SHOWN_CHARS_MAX: usize = 96;
/// Characters shown before the fault in a longer line.
const SHOWN_BEFORE: usize = 40;

/// One fault.
#[derive(Debug, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// File of the bundle.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: Option<usize>,
    /// Character in the line, counted from 1.
    pub column: Option<usize>,
    /// The line itself.
    pub text: Option<String>,
    /// What to do.
    pub advice: String,
}

impl Fault {
    /// A fault of the rules or the schema.
    pub fn of_rules(error: &LoadError, files: &[(&str, &[u8])]) -> Self {
        Self::new(&error.to_string(), error.place(), rules_advice(error), files)
    }

    /// A fault of the clause texts or of the decisions about them.
    pub fn of_clauses(error: &CatalogueError, files: &[(&str, &[u8])]) -> Self {
        Self::new(&error.to_string(), error.place(files).as_ref(), clauses_advice(error), files)
    }

    /// A fault of the rules that files are searched by.
    pub fn of_scan(error: &RuleError) -> Self {
        let advice = "every example of a rule has to match, no counter-example may, and every notice \
                      of the program needs its words";
        let file = (!error.file.is_empty()).then(|| format!("scrub/{}", error.file));
        Self { file, ..Self::new(&error.to_string(), None, advice, &[]) }
    }

    /// A fault of the takedown rules.
    pub fn of_takedown(error: &RulesError, files: &[(&str, &[u8])]) -> Self {
        let advice = "correct the line; the comments in takedown.toml say what each word means and \
                      what the program refuses";
        let file = Some(RULES_PATH.to_owned());
        Self { file, ..Self::new(&error.to_string(), error.place(), advice, files) }
    }

    /// A fault of the letters.
    pub fn of_letters(error: &LettersError) -> Self {
        let advice = "correct it; the comments in letters.toml say what can stand between braces";
        let file = Some(LETTERS_PATH.to_owned());
        Self { file, ..Self::new(&error.to_string(), None, advice, &[]) }
    }

    /// A file that is no text.
    pub fn of_text(path: &str) -> Self {
        let file = Some(path.to_owned());
        let message = format!("{path} is not UTF-8");
        Self { file, ..Self::new(&message, None, "save the file as UTF-8", &[]) }
    }

    /// A bundle that does not keep what an earlier one had.
    pub fn of_history(error: &HistoryError) -> Self {
        let advice = "a changed text is a new file and a new entry in the catalogue, after the old \
                      one; clauses/resign.toml says who signs again";
        Self::new(&error.to_string(), None, advice, &[])
    }

    /// A bundle that the log could not name.
    pub fn of_names(error: &impl std::fmt::Display) -> Self {
        let advice = "use plain relative names, without colons, backslashes or control characters";
        Self::new(&format!("the log cannot name these files: {error}"), None, advice, &[])
    }

    fn new(message: &str, place: Option<&Place>, advice: &str, files: &[(&str, &[u8])]) -> Self {
        let advice = advice.to_owned();
        let Some(place) = place else {
            let message = message.to_owned();
            return Self { message, file: None, line: None, column: None, text: None, advice };
        };
        let content = files.iter().find(|(path, _)| *path == &*place.file);
        let content = content.map(|(_, bytes)| String::from_utf8_lossy(bytes));
        let text = content.and_then(|text| text.lines().nth(place.line - 1).map(str::to_owned));
        Self {
            message: message.strip_prefix(&format!("{place}: ")).unwrap_or(message).to_owned(),
            file: Some(place.file.to_string()),
            line: Some(place.line),
            column: Some(place.column),
            text,
            advice,
        }
    }

    /// Lines for a terminal: place and message, the line with a caret below it, what to do.
    pub fn to_text(&self, output: &Output) -> String {
        let place = match (&self.file, self.line, self.column) {
            (Some(file), Some(line), Some(column)) => format!("{file}:{line}:{column}: "),
            _ => String::new(),
        };
        let mut text = format!("{place}{}", self.message);
        if let (Some(line), Some(column), Some(shown)) = (self.line, self.column, &self.text) {
            let (shown, caret) = window(shown, column);
            let margin = line.to_string().len();
            text += &format!("\n  {line} | {shown}");
            text += &format!("\n  {:margin$} | {}{}", "", " ".repeat(caret), output.paint("^", 31));
        }
        text + &format!("\n  to do: {}", self.advice)
    }
}

/// The part of a line around a column, and how many characters stand before the caret. Tabs count
/// as one space, and what a terminal could take for a command as a question mark.
fn window(line: &str, column: usize) -> (String, usize) {
    let plain = |letter: char| match letter {
        '\t' => ' ',
        letter if letter.is_control() => '?',
        letter => letter,
    };
    let at = column - 1;
    let letters: Vec<char> = line.chars().map(plain).collect();
    if letters.len() <= SHOWN_CHARS_MAX {
        return (letters.iter().collect(), at);
    }
    let from = at.saturating_sub(SHOWN_BEFORE).min(letters.len() - SHOWN_CHARS_MAX);
    let to = from + SHOWN_CHARS_MAX;
    let before = if from > 0 { "…" } else { "" };
    let after = if to < letters.len() { "…" } else { "" };
    let shown: String = letters[from..to].iter().collect();
    (format!("{before}{shown}{after}"), at - from + before.chars().count())
}

const fn rules_advice(error: &LoadError) -> &'static str {
    match error {
        LoadError::Bundle(_) | LoadError::SchemaMissing | LoadError::NoRules => {
            "give a folder that holds attestry.cedarschema and rules in *.cedar files; begin with a \
             copy of the one built in"
        }
        LoadError::TooLarge { .. } | LoadError::TooManyRules { .. } => {
            "split the file or take rules out"
        }
        LoadError::NotUtf8 { .. } => "save the file as UTF-8",
        LoadError::TooDeep { .. } | LoadError::TooManyOperators { .. } => {
            "write two simpler rules in place of this one"
        }
        LoadError::Schema { .. } => {
            "correct the schema; what it must declare is in the one built in"
        }
        LoadError::Syntax { .. } => "correct the rule; its form is permit (…) when { … };",
        LoadError::Invalid { .. } => {
            "use the facts, words and actions that attestry.cedarschema declares"
        }
        LoadError::Template { .. } => "name the principal or resource in the rule itself",
        LoadError::IdMissing { .. } | LoadError::IdMalformed { .. } => {
            "put a line such as @id(\"staff-reads\") above the rule"
        }
        LoadError::IdRepeated { .. } => "give one of the two another @id",
        LoadError::ReasonMissing { .. } => {
            "put a line such as @missing(\"scan\") above the rule, or @missing(\"other\")"
        }
        LoadError::SchemaMismatch { .. } => {
            "declare it in attestry.cedarschema as the one built in does"
        }
    }
}

const fn clauses_advice(error: &CatalogueError) -> &'static str {
    match error {
        CatalogueError::Missing => "add clauses/catalogue.toml; its form is in the one built in",
        CatalogueError::TooLarge { .. } | CatalogueError::Count { .. } => {
            "name each text once, and nothing else"
        }
        CatalogueError::NotUtf8 { .. } => "save the file as UTF-8",
        CatalogueError::Toml { .. } => "correct the line; the comment at the top says the form",
        CatalogueError::Repeated { .. } => "give the later text a version of its own",
        CatalogueError::FileMissing { .. } => "add the file or correct its path",
        CatalogueError::Text { .. } => "make text and catalogue say the same",
        CatalogueError::Resign(error) => resign_advice(error),
    }
}

const fn resign_advice(error: &ResignError) -> &'static str {
    match error {
        ResignError::TooLarge { .. } | ResignError::Count { .. } => {
            "join decisions that name the same texts"
        }
        ResignError::NotUtf8 { .. } => "save the file as UTF-8",
        ResignError::Toml { .. } => "correct the line; the comment at the top says the form",
        ResignError::UnknownSet { .. } | ResignError::UnknownVersion { .. } => {
            "name a set and versions as clauses/catalogue.toml does"
        }
        ResignError::NotLater { .. } => {
            "`from` is the version that was signed, `version` a later one to sign"
        }
        ResignError::UnknownClause { .. } => {
            "name clauses of the version to be signed, in all its languages"
        }
        ResignError::Clauses { .. } => "name each clause that changed, once",
        ResignError::Answers { .. } => "name some of yes, no and exception, each once",
        ResignError::Reason { .. } => "say why, for those who are asked to sign again",
        ResignError::Date { .. } => "write the day such as \"2026-03-01\"",
        ResignError::Repeated { .. } => "take the later one out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_is_shown_as_it_is_with_the_caret_below_the_column() {
        assert_eq!(window("permit (x)", 9), ("permit (x)".to_owned(), 8));
        assert_eq!(window("\twhen\u{1b}[0m", 2), (" when?[0m".to_owned(), 1));
        assert_eq!(window("", 1), (String::new(), 0));
    }

    #[test]
    fn a_long_line_is_shown_around_its_column() {
        let line = format!("{}!{}", "a".repeat(300), "b".repeat(300));
        let (shown, caret) = window(&line, 301);
        assert_eq!(shown.chars().nth(caret), Some('!'));
        assert_eq!(shown.chars().count(), SHOWN_CHARS_MAX + 2);
        let (shown, caret) = window(&line, 1);
        assert!(shown.starts_with('a') && shown.ends_with('…') && caret == 0, "{shown}");
        let (shown, caret) = window(&line, 601);
        assert_eq!((shown.starts_with('…'), caret), (true, SHOWN_CHARS_MAX));
        // Behind the last character, where a parser misses something.
        assert_eq!(window(&line, 602).1, SHOWN_CHARS_MAX + 1);
    }

    #[test]
    fn a_fault_is_shown_in_its_line() {
        let files: [(&str, &[u8]); 2] =
            [("attestry.cedarschema", b""), ("a.cedar", b"// rules\npermit (principal;\n")];
        let error = attestry_policy::engine::PolicyEngine::load(&files).err().unwrap();
        let text = Fault::of_rules(&error, &files).to_text(&Output::new(true));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("a.cedar:2:18: unexpected token"), "{text}");
        assert_eq!(lines[1], "  2 | permit (principal;", "{text}");
        assert_eq!(lines[2], "    |                  ^", "{text}");
        assert!(lines[3].starts_with("  to do: correct the rule"), "{text}");
    }
}
