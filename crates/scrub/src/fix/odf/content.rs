//! Content, styles, metadata and settings of an OpenDocument: changes are accepted, comments, notes,
//! hidden text, sheets and slides, scripts and links to other files go. Where rows, columns or sheets
//! go, formulas become the values that they had.

use std::collections::BTreeSet;

use super::Tally;
use crate::finding::Channel;
use crate::fix::ooxml::edit::{Edits, Step, apply, steps};
use crate::read::odf::story::{leads_outside, repeats};
use crate::read::odf::styles::Styles;
use crate::read::xml::Element;
use crate::report::Reason;

/// Elements that go with all they hold, and what they are.
const DROPPED: [(&str, Channel); 20] = [
    ("tracked-changes", Channel::TrackedDeletion),
    ("change", Channel::TrackedChange),
    ("change-start", Channel::TrackedChange),
    ("change-end", Channel::TrackedChange),
    ("annotation", Channel::Comment),
    ("annotation-end", Channel::Comment),
    ("notes", Channel::Notes),
    ("hidden-text", Channel::HiddenText),
    ("scripts", Channel::Macro),
    ("event-listeners", Channel::Macro),
    ("event-listener", Channel::Macro),
    ("data-pilot-tables", Channel::Cache),
    ("scenario", Channel::Cache),
    ("table-source", Channel::ExternalLink),
    ("section-source", Channel::ExternalLink),
    ("dde-source", Channel::ExternalLink),
    ("dde-links", Channel::ExternalLink),
    ("object-ole", Channel::Embedded),
    ("plugin", Channel::Embedded),
    ("applet", Channel::Embedded),
];

/// Settings that change how a document looks are kept but for these.
const SETTINGS: [&str; 8] = [
    "PrinterName",
    "PrinterSetup",
    "PrinterPaperFromSetup",
    "Rsid",
    "RsidRoot",
    "CurrentDatabaseDataSource",
    "CurrentDatabaseCommand",
    "TrackedChangesViewSettings",
];

/// What a cell has its value in.
const VALUES: [&str; 8] = [
    "formula",
    "value",
    "value-type",
    "string-value",
    "date-value",
    "time-value",
    "boolean-value",
    "content-validation-name",
];

/// Columns from which their numbers do not matter.
const COLUMNS_MAX: u32 = 1 << 14;

/// One part without what is hidden in it.
pub(super) fn fix(
    text: &str,
    objects_gone: &BTreeSet<String>,
    tally: &mut Tally,
) -> Result<String, Reason> {
    let survey = Survey::of(text)?;
    let mut edits = Edits::default();
    let mut story = Story {
        survey: &survey,
        objects_gone,
        edits: &mut edits,
        tally,
        open: Vec::new(),
        hidden_columns: Vec::new(),
        column: 0,
        is_row_hidden: false,
    };
    steps(text, |step| match step {
        Step::Open(element, at) => story.open(element, at),
        Step::Close(..) => drop(story.open.pop()),
        Step::Text(_) => {}
    })?;
    let (text, comments) = apply(text, &edits)?;
    *tally.entry(Channel::OtherPart).or_default() += comments;
    Ok(text)
}

/// What has to be known of a part before anything is cut out of it.
#[derive(Default)]
struct Survey {
    styles: Styles,
    /// Something with cells in it goes, so no formula may be worked out again.
    is_frozen: bool,
    /// Sheets and slides that stay to be seen.
    seen_sheets: usize,
    seen_slides: usize,
    /// Paragraphs that a field hides.
    hidden_paragraphs: BTreeSet<usize>,
}

impl Survey {
    fn of(text: &str) -> Result<Self, Reason> {
        let mut survey = Self { styles: Styles::new(text), ..Self::default() };
        let (mut open, mut is_book) = (Vec::new(), false);
        steps(text, |step| match step {
            Step::Open(element, at) => {
                let is_hidden = survey.hides(element);
                match element.name() {
                    "spreadsheet" => is_book = true,
                    "table" if is_book => {
                        survey.seen_sheets += usize::from(!is_hidden);
                        survey.is_frozen |= is_hidden;
                    }
                    "table-row" | "table-column" if is_book => survey.is_frozen |= is_hidden,
                    "page" => survey.seen_slides += usize::from(!is_hidden),
                    "p" | "h" => open.push(at),
                    "hidden-paragraph" if element.get("is-hidden").as_deref() == Some("true") => {
                        survey.hidden_paragraphs.extend(open.last().copied());
                    }
                    _ => {}
                }
            }
            Step::Close("p" | "h", _) => drop(open.pop()),
            Step::Close(..) | Step::Text(_) => {}
        })?;
        Ok(survey)
    }

    /// Whether an element is hidden by its style or by itself.
    fn hides(&self, element: &Element<'_>) -> bool {
        let style = element.get("style-name");
        let by_style = |channel| self.styles.notice(style.as_deref(), &[channel]).is_some();
        match element.name() {
            "p" | "h" | "span" => by_style(Channel::HiddenText),
            "section" => element.get("display").as_deref() == Some("none"),
            "table" => by_style(Channel::HiddenSheet),
            "page" => by_style(Channel::HiddenSlide),
            "table-row" | "table-column" => {
                matches!(element.get("visibility").as_deref(), Some("collapse" | "filter"))
            }
            _ => false,
        }
    }
}

/// An element that is open.
struct Frame {
    name: String,
    /// It goes, or what it holds does.
    is_gone: bool,
}

/// What is known while a part is gone through.
struct Story<'s> {
    survey: &'s Survey,
    objects_gone: &'s BTreeSet<String>,
    edits: &'s mut Edits,
    tally: &'s mut Tally,
    open: Vec<Frame>,
    hidden_columns: Vec<(u32, u32)>,
    column: u32,
    is_row_hidden: bool,
}

impl Story<'_> {
    fn open(&mut self, element: &Element<'_>, at: usize) {
        let parent = self.open.last();
        let is_inside = parent.is_some_and(|parent| parent.is_gone);
        if is_inside {
            self.edits.drop(at);
        }
        let is_gone = is_inside || self.decide(element, at);
        self.open.push(Frame { name: element.name().to_owned(), is_gone });
    }

    fn is_in(&self, name: &str) -> bool {
        self.open.iter().any(|frame| frame.name == name)
    }

    fn note(&mut self, channel: Channel) {
        *self.tally.entry(channel).or_default() += 1;
    }

    fn drop(&mut self, at: usize, channel: Channel) -> bool {
        self.edits.drop(at);
        self.note(channel);
        true
    }

    /// Decides about an element; `true` if nothing of what it holds stays.
    fn decide(&mut self, element: &Element<'_>, at: usize) -> bool {
        let (name, survey) = (element.name(), self.survey);
        let parent = self.open.last().map_or("", |frame| frame.name.as_str());
        if let Some((_, channel)) = DROPPED.iter().find(|(known, _)| *known == name) {
            return self.drop(at, *channel);
        }
        if parent == "meta" {
            return self.drop(at, Channel::Property);
        }
        self.sessions(element, at);
        let is_hidden = survey.hides(element);
        match name {
            "config-item" | "config-item-set" | "config-item-map-indexed" => {
                self.setting(element, at)
            }
            "p" | "h" | "span" | "section"
                if is_hidden || survey.hidden_paragraphs.contains(&at) =>
            {
                self.drop(at, Channel::HiddenText)
            }
            "page" if is_hidden && survey.seen_slides > 0 => self.drop(at, Channel::HiddenSlide),
            "table" if self.is_in("spreadsheet") => {
                (self.hidden_columns, self.column) = (Vec::new(), 0);
                is_hidden && survey.seen_sheets > 0 && self.drop(at, Channel::HiddenSheet)
            }
            "named-range" | "named-expression" | "database-range" if survey.is_frozen => {
                self.drop(at, Channel::DefinedName)
            }
            "table-column" => self.columns(element, is_hidden),
            "table-row" => {
                (self.is_row_hidden, self.column) = (is_hidden, 0);
                false
            }
            "table-cell" | "covered-table-cell" => self.cell(element, at),
            _ => self.link(element, at),
        }
    }

    /// Ids of editing sessions.
    fn sessions(&mut self, element: &Element<'_>, at: usize) {
        for (attribute, _) in element.raw_attributes() {
            if attribute.ends_with(":rsid") || attribute.ends_with("-rsid") {
                self.edits.attribute(at, attribute, None);
                self.note(Channel::RevisionId);
            }
        }
    }

    fn setting(&mut self, element: &Element<'_>, at: usize) -> bool {
        let name = element.get("name").unwrap_or_default();
        let is_view = name.ends_with("view-settings");
        (is_view || SETTINGS.contains(&name.as_str())) && self.drop(at, Channel::Metadata)
    }

    fn columns(&mut self, element: &Element<'_>, is_hidden: bool) -> bool {
        let first = self.column.saturating_add(1);
        let count = repeats(element, "number-columns-repeated");
        self.column = self.column.saturating_add(count).min(COLUMNS_MAX);
        match self.hidden_columns.last_mut() {
            _ if !is_hidden => {}
            // A cell may be repeated over columns of several elements.
            Some((_, last)) if last.saturating_add(1) >= first => *last = self.column,
            _ => self.hidden_columns.push((first, self.column)),
        }
        false
    }

    /// A cell: empty if it is hidden, else without its formula where that has lost its ground.
    fn cell(&mut self, element: &Element<'_>, at: usize) -> bool {
        let first = self.column.saturating_add(1);
        let count = repeats(element, "number-columns-repeated");
        self.column = self.column.saturating_add(count).min(COLUMNS_MAX);
        let last = self.column;
        let is_within = |(from, to): &(u32, u32)| *from <= first && last <= *to;
        let is_hidden = self.is_row_hidden || self.hidden_columns.iter().any(is_within);
        let is_hidden = is_hidden && self.is_in("spreadsheet");
        for (attribute, _) in element.raw_attributes() {
            let local = attribute.rsplit(':').next().unwrap_or(attribute);
            let is_formula = local == "formula" && self.survey.is_frozen;
            if is_formula || (is_hidden && VALUES.contains(&local)) {
                self.edits.attribute(at, attribute, None);
                if is_hidden && local == "value-type" {
                    let row = self.is_row_hidden;
                    self.note(if row { Channel::HiddenRow } else { Channel::HiddenColumn });
                }
            }
        }
        is_hidden
    }

    /// What leads to other files or to objects that go.
    fn link(&mut self, element: &Element<'_>, at: usize) -> bool {
        let target = element.get("href").unwrap_or_default();
        let inside = target.trim_start_matches("./");
        match element.name() {
            "object" if self.objects_gone.contains(inside.trim_end_matches('/')) => {
                self.drop(at, Channel::Embedded)
            }
            // A chart is drawn anew.
            "image"
                if inside
                    .strip_prefix("ObjectReplacements/")
                    .is_some_and(|object| !self.objects_gone.contains(object)) =>
            {
                self.drop(at, Channel::Cache)
            }
            "a" if leads_outside(&target) => {
                self.edits.unwrap(at);
                self.note(Channel::ExternalLink);
                false
            }
            "hidden-paragraph" => self.drop(at, Channel::HiddenText),
            // What it says now stays, and what it would say otherwise goes.
            "conditional-text" => {
                self.edits.unwrap(at);
                self.note(Channel::HiddenText);
                false
            }
            "template" => self.drop(at, Channel::Template),
            _ => leads_outside(&target) && self.drop(at, Channel::ExternalLink),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> String {
        let text = format!("<office:body>{text}</office:body>");
        let fixed = fix(&text, &BTreeSet::new(), &mut Tally::new()).expect("sound");
        fixed.replace("<office:body>", "").replace("</office:body>", "")
    }

    #[test]
    fn hidden_text_goes_and_other_text_stays() {
        for (before, after) in [
            ("<text:section text:display=\"none\"><text:p>a</text:p></text:section>", ""),
            ("<text:p>a<office:annotation>b</office:annotation></text:p>", "<text:p>a</text:p>"),
            ("<text:p><text:hidden-paragraph text:is-hidden=\"true\"/>a</text:p>", ""),
            (
                "<text:p><text:hidden-paragraph text:is-hidden=\"false\"/>a</text:p>",
                "<text:p>a</text:p>",
            ),
            ("<text:a xlink:href=\"file:///a\">b</text:a>", "b"),
            (
                "<text:p>a <text:conditional-text text:condition=\"ooow:x\" \
                text:string-value-if-true=\"b\" text:string-value-if-false=\"c\">b\
                </text:conditional-text></text:p>",
                "<text:p>a b</text:p>",
            ),
            (
                "<office:meta><meta:generator>Writer of eva</meta:generator></office:meta>",
                "<office:meta></office:meta>",
            ),
        ] {
            assert_eq!(fixed(before), after, "{before}");
        }
        for same in [
            "<text:section><text:p>a</text:p></text:section>",
            "<text:a xlink:href=\"http://a\">b</text:a>",
        ] {
            assert_eq!(fixed(same), same);
        }
    }

    #[test]
    fn hidden_cells_are_emptied_and_formulas_become_values() {
        let book = |row: &str| {
            format!(
                "<office:spreadsheet><table:table><table:table-column/><table:table-row{row}><table:table-cell \
                table:formula=\"of:=1\" office:value=\"1\"><text:p>1</text:p></table:table-cell></table:table-row>\
                </table:table></office:spreadsheet>"
            )
        };
        let hidden = fixed(&book(" table:visibility=\"collapse\""));
        assert!(hidden.contains("<table:table-cell></table:table-cell>"), "{hidden}");
        assert_eq!(fixed(&book("")), book(""));
        let column = book("").replace("-column/", "-column table:visibility=\"collapse\"/>");
        let column = column.replace("/>>", "/>");
        assert!(fixed(&column).contains("<table:table-cell></table:table-cell>"));
        let hidden = "<table:table-column table:visibility=\"collapse\"/>";
        let two = book("").replace("<table:table-column/>", &hidden.repeat(2));
        let two = two.replace(
            "<table:table-cell ",
            "<table:table-cell table:number-columns-repeated=\"2\" ",
        );
        assert!(!fixed(&two).contains("<text:p>"), "{}", fixed(&two));
        let apart = two.replace("repeated=\"2\"", "repeated=\"3\"");
        assert!(fixed(&apart).contains("<text:p>1</text:p>"));
    }
}
