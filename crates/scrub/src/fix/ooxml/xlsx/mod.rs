//! Workbooks: hidden sheets, rows and columns go with what stands in them. A formula that refers to
//! something which is gone becomes its last value, so that all that is seen stays as it was.

mod formula;
mod others;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};

use super::Tally;
use super::edit::{Edits, Step, steps};
use super::package::Package;
use crate::finding::Channel;
use crate::read::xml::Element;
use crate::report::Reason;
use formula::{Reference, range_of, references};
use sheet::Hidden;

/// Rounds in which names that refer to other names are followed.
const ROUNDS_MAX: usize = 8;

/// A sheet as the workbook names it.
struct Sheet {
    part: String,
    /// The channel that it is gone for.
    gone: Option<Channel>,
    hidden: Hidden,
}

/// A defined name.
struct Defined {
    name: String,
    formula: String,
    is_hidden: bool,
    is_program: bool,
    sheet: Option<usize>,
}

/// What all parts need to know of the workbook.
pub(super) struct Book {
    sheets: Vec<Sheet>,
    by_part: BTreeMap<String, usize>,
    by_name: BTreeMap<String, usize>,
    defined: Vec<Defined>,
    /// Names and tables that are gone, in lower case.
    gone_names: BTreeSet<String>,
    tables: BTreeMap<String, Channel>,
    /// Which of the shared strings stay in use.
    used: BTreeSet<usize>,
}

impl Book {
    pub(super) fn of(package: &Package) -> Result<Self, Reason> {
        let main = package.main().ok_or(Reason::Broken)?;
        let text = package.text(&main).ok_or(Reason::Broken)?;
        let mut book = Self {
            sheets: Vec::new(),
            by_part: BTreeMap::new(),
            by_name: BTreeMap::new(),
            defined: Vec::new(),
            gone_names: BTreeSet::new(),
            tables: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        book.workbook(package, &main, &text)?;
        // A book without a sheet is none.
        if book.sheets.iter().all(|sheet| sheet.gone.is_some())
            && let Some(first) = book.sheets.first_mut()
        {
            first.gone = None;
        }
        for at in 0..book.sheets.len() {
            if book.sheets[at].gone.is_some() {
                continue;
            }
            let text = package.text(&book.sheets[at].part).unwrap_or_default();
            book.sheets[at].hidden = sheet::hidden(&text, &mut book.used)?;
            book.find_tables(package, at)?;
        }
        book.find_gone_names();
        Ok(book)
    }

    /// Sheets and defined names.
    fn workbook(&mut self, package: &Package, main: &str, text: &str) -> Result<(), Reason> {
        let relations = package.relations(main);
        let mut open: Option<Defined> = None;
        steps(text, |step| match step {
            Step::Open(element, _) => match element.name() {
                "sheet" => {
                    let id = element.get("id").unwrap_or_default();
                    let relation = relations.iter().find(|relation| relation.id == id);
                    let part = relation.and_then(|relation| package.target(main, relation));
                    let is_program = relation.is_some_and(|r| r.kind.ends_with("acrosheet"));
                    let gone = match element.get("state").as_deref() {
                        _ if is_program => Some(Channel::Macro),
                        Some("hidden") => Some(Channel::HiddenSheet),
                        Some("veryHidden") => Some(Channel::VeryHiddenSheet),
                        _ => None,
                    };
                    let (name, part) =
                        (element.get("name").unwrap_or_default(), part.unwrap_or_default());
                    self.by_name.insert(name.to_lowercase(), self.sheets.len());
                    self.by_part.insert(part.clone(), self.sheets.len());
                    self.sheets.push(Sheet { part, gone, hidden: Hidden::default() });
                }
                "definedName" => open = Some(Defined::of(element)),
                _ => {}
            },
            Step::Text(piece) => {
                if let Some(defined) = &mut open {
                    defined.formula.push_str(&piece);
                }
            }
            Step::Close("definedName", _) => self.defined.extend(open.take()),
            Step::Close(_, _) => {}
        })
    }

    /// Tables that have cells which go become plain cells, since a table needs all of its own.
    fn find_tables(&mut self, package: &Package, at: usize) -> Result<(), Reason> {
        let sheet = &self.sheets[at];
        for relation in package.relations(&sheet.part) {
            if relation.kind != "table" {
                continue;
            }
            let Some(part) = package.target(&sheet.part, &relation) else { continue };
            let (mut range, mut name) = (None, String::new());
            steps(&package.text(&part).unwrap_or_default(), |step| {
                if let Step::Open(element, 0) = step {
                    range = element.get("ref").and_then(|range| range_of(&range));
                    let shown = element.get("displayName").or_else(|| element.get("name"));
                    name = shown.unwrap_or_default();
                }
            })?;
            let channel = range.and_then(|(rows, columns)| sheet.hidden.meets(rows, columns));
            if let Some(channel) = channel {
                self.gone_names.insert(name.to_lowercase());
                self.tables.insert(part, channel);
            }
        }
        Ok(())
    }

    fn find_gone_names(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut found = Vec::new();
            for defined in &self.defined {
                if !self.gone_names.contains(&defined.name.to_lowercase())
                    && self.is_name_gone(defined)
                {
                    found.push(defined.name.to_lowercase());
                }
            }
            if found.is_empty() {
                break;
            }
            self.gone_names.extend(found);
        }
    }

    fn is_name_gone(&self, defined: &Defined) -> bool {
        let owner = defined.sheet.and_then(|at| self.sheets.get(at));
        if owner.is_some_and(|sheet| sheet.gone.is_some()) || defined.is_program {
            return true;
        }
        if defined.name.starts_with("_xlnm.") {
            // Print areas and filters may span what is hidden, and tell nothing of it.
            return references(&defined.formula).iter().any(|reference| match reference {
                Reference::Cells { sheet: Some(sheet), .. } => self.is_sheet_gone(sheet),
                Reference::Book => true,
                _ => false,
            });
        }
        defined.is_hidden
            || defined.formula.contains("#REF!")
            || self.is_gone(&defined.formula, None)
    }

    fn is_sheet_gone(&self, name: &str) -> bool {
        let at = self.by_name.get(&name.to_lowercase());
        at.is_none_or(|at| self.sheets[*at].gone.is_some())
    }

    /// Whether a formula refers to something that is gone. Its own sheet may be known.
    fn is_gone(&self, formula: &str, own: Option<usize>) -> bool {
        references(formula).iter().any(|reference| match reference {
            Reference::Book => true,
            Reference::Sheets | Reference::Computed => {
                self.sheets.iter().any(|sheet| sheet.gone.is_some() || !sheet.hidden.is_empty())
            }
            Reference::Name(name) => self.gone_names.contains(&name.to_lowercase()),
            Reference::Cells { sheet, rows, columns } => {
                let at = match sheet {
                    Some(name) if self.is_sheet_gone(name) => return true,
                    Some(name) => self.by_name.get(&name.to_lowercase()).copied(),
                    None => own,
                };
                at.is_some_and(|at| self.sheets[at].hidden.meets(*rows, *columns).is_some())
            }
        })
    }

    /// Whether a formula that moves with its cell may come to refer to something that is gone.
    fn may_be_gone(&self, formula: &str, own: usize) -> bool {
        self.is_gone(formula, Some(own))
            || references(formula).iter().any(|reference| {
                let Reference::Cells { sheet, .. } = reference else { return false };
                let named = sheet.as_ref().and_then(|name| self.by_name.get(&name.to_lowercase()));
                !self.sheets[named.copied().unwrap_or(own)].hidden.is_empty()
            })
    }

    pub(super) fn doomed(&self) -> BTreeMap<String, Channel> {
        let sheets = self.sheets.iter().filter(|sheet| !sheet.part.is_empty());
        let sheets = sheets.filter_map(|sheet| Some((sheet.part.clone(), sheet.gone?)));
        sheets.chain(self.tables.clone()).collect()
    }

    pub(super) fn edit(
        &self,
        part: &str,
        root: &str,
        text: &str,
        edits: &mut Edits,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        let own = self.by_part.get(part).copied();
        match root {
            "workbook" => self.edit_workbook(text, edits, tally),
            "sst" => others::strings(text, &self.used, edits, tally),
            "xml" => others::drawing_of_notes(text, edits),
            "wsDr" => others::drawing(text, edits, tally, &|formula| self.is_gone(formula, own)),
            "table" => others::table(text, edits, tally, &|formula| self.is_gone(formula, own)),
            "chartSpace" => {
                super::chart::edit(text, edits, Some(&|formula| self.is_gone(formula, None)))
            }
            _ => match own {
                Some(own) => sheet::edit(self, own, text, edits, tally),
                None => Ok(()),
            },
        }
    }

    fn edit_workbook(
        &self,
        text: &str,
        edits: &mut Edits,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        let mut defined = self.defined.iter();
        let has_gone = self.sheets.iter().any(|sheet| sheet.gone.is_some());
        let mut paths: Vec<(usize, bool)> = Vec::new();
        steps(text, |step| match step {
            Step::Open(element, at) => {
                paths.push((at, false));
                match element.name() {
                    "fileSharing" => drop_counted(edits, tally, at, Channel::Author),
                    "customWorkbookViews" => drop_counted(edits, tally, at, Channel::Author),
                    "revisionPtr" => drop_counted(edits, tally, at, Channel::RevisionId),
                    "fileRecoveryPr" | "extLst" | "webPublishing" | "webPublishObjects"
                    | "smartTagPr" | "smartTagTypes" | "pivotCaches" => edits.drop(at),
                    "absPath" => {
                        drop_counted(edits, tally, at, Channel::Property);
                        paths.iter_mut().for_each(|path| path.1 = true);
                    }
                    "workbookView" if has_gone => {
                        edits.attribute(at, "activeTab", None);
                        edits.attribute(at, "firstSheet", None);
                    }
                    // The last visible sheet, if all were hidden.
                    "sheet" => self.show(element, at, edits),
                    "definedName" => {
                        if let Some(defined) = defined.next() {
                            self.edit_name(defined, at, edits, tally);
                        }
                    }
                    _ => {}
                }
            }
            Step::Close("AlternateContent", span) if paths.pop().is_some_and(|path| path.1) => {
                edits.drop(span.at);
            }
            Step::Close("AlternateContent", _) | Step::Text(_) => {}
            Step::Close(_, _) => drop(paths.pop()),
        })
    }

    fn show(&self, element: &Element<'_>, at: usize, edits: &mut Edits) {
        let name = element.get("name").unwrap_or_default();
        if !self.is_sheet_gone(&name) && element.get("state").is_some() {
            edits.attribute(at, "state", None);
        }
    }

    /// Names count the sheets that stay.
    fn edit_name(&self, defined: &Defined, at: usize, edits: &mut Edits, tally: &mut Tally) {
        if self.is_name_gone(defined) {
            return drop_counted(edits, tally, at, Channel::DefinedName);
        }
        if let Some(sheet) = defined.sheet {
            let before =
                self.sheets.iter().take(sheet).filter(|sheet| sheet.gone.is_none()).count();
            edits.attribute(at, "localSheetId", Some(&before.to_string()));
        }
    }
}

/// Drops an element and counts it.
fn drop_counted(edits: &mut Edits, tally: &mut Tally, at: usize, channel: Channel) {
    edits.drop(at);
    tally.add(channel, 1);
}

impl Defined {
    fn of(element: &Element<'_>) -> Self {
        let is = |name: &str| matches!(element.get(name).as_deref(), Some("1" | "true"));
        Self {
            name: element.get("name").unwrap_or_default(),
            formula: String::new(),
            is_hidden: is("hidden"),
            is_program: is("function") || is("vbProcedure") || is("xlm"),
            sheet: element.get("localSheetId").and_then(|at| at.parse().ok()),
        }
    }
}
