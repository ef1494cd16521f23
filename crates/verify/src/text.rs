//! The report for people: short, aligned, coloured only where asked for.

use std::fmt::Write as _;

use crate::history::Unlinked;
use crate::packs::PackReport;
use crate::report::{
    CheckpointReport, FilesReport, KeysFrom, OpeningsReport, Report, StatementReport,
};
use crate::verdict::Verdict;

/// Most lines of a list, unless all are asked for.
const LIST_MAX: usize = 20;
/// Most sizes named in one line, unless all are asked for.
const SIZES_MAX: usize = 8;
/// Width of the column of names and of the one of verdicts.
const LABEL_WIDTH: usize = 12;
const VERDICT_WIDTH: usize = 19;
/// Widest column of file names, and width of the one of kinds.
const NAME_WIDTH_MAX: usize = 60;
const KIND_WIDTH: usize = 15;

const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const RED: u8 = 31;
const DIM: u8 = 2;

impl Report {
    /// Text with a line for each thing found, and the outcome as the last one. `color` asks for
    /// ANSI styles.
    #[must_use]
    pub fn to_text(&self, color: bool) -> String {
        let mut text = Text { out: String::new(), color, all: self.list_all };
        text.statements(&self.statements);
        text.counts(self);
        text.log(self);
        text.all_openings(&self.openings);
        self.packs.iter().for_each(|pack| text.pack(pack));
        for name in &self.unindexed {
            let what = "no audit pack: it has no index, so nothing says that it is whole";
            let what = text.paint(what, YELLOW);
            text.item("Archive", &format!("{}: {what}", plain(name)));
        }
        self.files.iter().for_each(|files| text.files(files));
        text.leftovers(self);
        let (outcome, style) =
            if self.verified { ("VERIFIED", GREEN) } else { ("NOT VERIFIED", RED) };
        let outcome = text.paint(outcome, style);
        text.line(&format!("\n{outcome}"));
        text.out
    }

    /// One JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every member is a string, number, list or struct of these, which JSON can hold.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

struct Text {
    out: String,
    color: bool,
    all: bool,
}

impl Text {
    fn statements(&mut self, statements: &[StatementReport]) {
        let few = self.all || statements.len() <= LIST_MAX;
        let shown = |statement: &&StatementReport| few || statement.verdict != Verdict::Verified;
        let listed: Vec<_> = statements.iter().filter(shown).collect();
        let limit = if self.all { listed.len() } else { LIST_MAX };
        let width = |statement: &&&StatementReport| plain(&statement.file).chars().count();
        let names = listed.iter().take(limit).map(|statement| width(&statement));
        let width = names.max().unwrap_or_default().min(NAME_WIDTH_MAX);
        for statement in listed.iter().take(limit) {
            self.statement(statement, width);
        }
        if listed.len() > limit {
            self.line(&format!("… {} more; --all lists them", listed.len() - limit));
        }
        if !self.out.is_empty() {
            self.line("");
        }
    }

    fn statement(&mut self, statement: &StatementReport, width: usize) {
        let verdict = self.verdict(statement.verdict);
        let name = plain(&statement.file);
        let kind = statement.kind.or_else(|| short_type(statement.content_type)).unwrap_or("");
        let place = statement.index.map(|index| format!("entry {index}")).unwrap_or_default();
        self.line(format!("{verdict} {name:<width$}  {kind:<KIND_WIDTH$}  {place}").trim_end());
        // Of what is verified, only what is remarkable beside it is said here.
        let skip = usize::from(statement.verdict == Verdict::Verified && !self.all);
        for reason in statement.reasons.iter().skip(skip) {
            self.detail(reason);
        }
        if self.all {
            let by = statement.issuer.as_deref().unwrap_or("unknown");
            let when = statement.issued_at.as_deref().unwrap_or("unknown");
            self.detail(&format!("by {by}, dated {when} by the signer"));
            for (label, value) in &statement.facts.payload_lines {
                self.detail(&format!("{label}: {value}"));
            }
        }
    }

    fn counts(&mut self, report: &Report) {
        let summary = report.summary;
        let counts = [
            (summary.verified, "verified"),
            (summary.logged_unwitnessed, "logged, unwitnessed"),
            (summary.not_proven, "not proven"),
            (summary.failed, "failed"),
        ];
        self.item("Statements", &format!("{}: {}", summary.statements, tally(&counts)));
        let count = |is: fn(&StatementReport) -> bool| {
            report.statements.iter().filter(|statement| is(statement)).count()
        };
        let payloads = [
            (count(|s| s.facts.payload == "matches"), "match"),
            (count(|s| s.facts.payload == "missing"), "missing"),
            (count(|s| s.facts.payload == "not-checked"), "not checked"),
        ];
        self.item("Payloads", &tally(&payloads));
        let issuers = [
            (count(|s| s.facts.issuer_key == "service"), "by the service"),
            (count(|s| s.facts.enrolment_proven == Some(true)), "by enrolled keys, proven"),
            (count(|s| s.facts.enrolment_proven == Some(false)), "by enrolled keys, unwitnessed"),
            (count(|s| s.facts.issuer_key == "vouched"), "by keys you vouch for"),
            (
                count(|s| s.facts.issuer_key == "not-proven"),
                "by keys whose enrolment is not proven",
            ),
        ];
        self.item("Issuers", &tally(&issuers));
        self.events(report);
    }

    fn events(&mut self, report: &Report) {
        let summary = report.summary;
        let not_proven = "that there are no others is not proven, it takes an index proof";
        let mut revocations = format!("{} found", summary.revocations);
        if summary.rotations > 0 {
            let _ = write!(revocations, ", {} by replacement of a key", summary.rotations);
        }
        if summary.key_end_claims > 0 {
            let claims = summary.key_end_claims;
            let _ = write!(
                revocations,
                "; {claims} given, but nothing among the inputs shows that the log's service \
                 signed that"
            );
        }
        self.item("Revocations", &format!("{revocations}; {not_proven}"));
        let mut withdrawals = format!("{} found", summary.withdrawals);
        if summary.partial_withdrawals > 0 {
            let partial = summary.partial_withdrawals;
            let _ = write!(withdrawals, ", {partial} of them of some purposes only");
        }
        self.item("Withdrawals", &format!("{withdrawals}; {not_proven}"));
    }

    fn log(&mut self, report: &Report) {
        self.item(
            "Log keys",
            match report.keys_from {
                KeysFrom::Genesis => "named by the genesis statement, entry 0",
                KeysFrom::GenesisNotProven => "unknown: the genesis statement is not proven",
                KeysFrom::User => "you vouch for them (--keys); no genesis statement is given",
                KeysFrom::Nowhere => "unknown: no genesis statement is given, nor --keys",
            },
        );
        let limit = if self.all { report.checkpoints.len() } else { LIST_MAX };
        for checkpoint in report.checkpoints.iter().take(limit) {
            self.checkpoint(checkpoint, report.witnesses_asked_for);
        }
        if report.checkpoints.len() > limit {
            let more = report.checkpoints.len() - limit;
            self.item("", &format!("… {more} more; --all lists them"));
        }
        for (origin, size) in &report.forks {
            let origin = plain(origin);
            let fork = format!("{origin} signed two different roots for size {size}");
            let fork = self.paint(&fork, RED);
            self.item("Fork", &fork);
        }
        for (origin, index) in &report.forked_entries {
            let fork = format!("{} shows two different entries at index {index}", plain(origin));
            let fork = self.paint(&fork, RED);
            self.item("Fork", &fork);
        }
        report.unlinked.iter().for_each(|unlinked| self.unlinked(unlinked));
    }

    fn unlinked(&mut self, unlinked: &Unlinked) {
        let Unlinked { origin, size, not_proven_to_continue } = unlinked;
        let limit = if self.all { usize::MAX } else { SIZES_MAX };
        let sizes = not_proven_to_continue.iter().take(limit).map(u64::to_string);
        let mut sizes = sizes.collect::<Vec<_>>().join(", ");
        if not_proven_to_continue.len() > limit {
            let _ = write!(sizes, ", … {} more", not_proven_to_continue.len() - limit);
        }
        let history = format!(
            "{}: not proven to be one history: size {size} is not proven to continue size {sizes}; \
             it takes consistency proofs",
            plain(origin)
        );
        let history = self.paint(&history, YELLOW);
        self.item("History", &history);
    }

    fn checkpoint(&mut self, checkpoint: &CheckpointReport, asked: bool) {
        let origin = plain(checkpoint.origin.as_deref().unwrap_or("unknown"));
        let size = checkpoint.size.map(|size| size.to_string()).unwrap_or_default();
        let mut line = format!("{origin} size {size}");
        if let Some(reason) = &checkpoint.reason {
            let file = plain(checkpoint.file.as_deref().unwrap_or_default());
            let refused = format!("{file}: {line}: not trusted: {}", plain(reason));
            line = self.paint(&refused, RED);
        } else if asked {
            let names = checkpoint.witnesses.iter();
            let names: Vec<_> = names.map(|(name, at)| format!("{} {at}", plain(name))).collect();
            let _ = write!(line, ", witnessed by {}", names.join(", "));
        } else {
            line.push_str(", no witnesses asked for");
        }
        for size in &checkpoint.continues {
            let _ = write!(line, ", proven to continue size {size}");
        }
        self.item("Checkpoint", &line);
    }

    fn all_openings(&mut self, openings: &[OpeningsReport]) {
        let few = self.all || openings.len() <= LIST_MAX;
        let shown = openings.iter().filter(|it| few || it.verdict != Verdict::Verified);
        let shown: Vec<_> = shown.take(if self.all { usize::MAX } else { LIST_MAX }).collect();
        let more = openings.len() - shown.len();
        shown.into_iter().for_each(|openings| self.openings(openings));
        if more > 0 {
            self.item("Openings", &format!("… {more} more; --all lists them"));
        }
    }

    fn openings(&mut self, openings: &OpeningsReport) {
        let OpeningsReport { file, role, count, statement, verdict, .. } = openings;
        let verdict = self.verdict(*verdict);
        let by = statement.as_ref().map_or_else(
            || "no statement commits to them".to_owned(),
            |statement| format!("committed to by {}", plain(statement)),
        );
        let (file, files) = (plain(file), if *count == 1 { "file" } else { "files" });
        let list = format!("{count} {files} of the {role}");
        self.item("Openings", &format!("{verdict} {file}: {list}, {by}"));
    }

    fn pack(&mut self, pack: &PackReport) {
        let verdict = self.verdict(pack.verdict);
        let counts = [
            (pack.readable, "readable"),
            (pack.withheld, "withheld from this reader"),
            (pack.erased, "erased"),
        ];
        let events = tally(&counts);
        let (file, subject) = (plain(&pack.file), plain(&pack.subject));
        let what = format!("{subject} as of size {}; events: {events}", pack.size);
        self.item("Pack", &format!("{verdict} {file}: {what}"));
        if let Some(fault) = &pack.fault {
            self.detail(fault);
        }
        if let Some(note) = pack.replay.note() {
            self.detail(note);
        }
    }

    fn files(&mut self, files: &FilesReport) {
        let verdict = self.verdict(files.verdict);
        let counts = [
            (files.matching, "as listed"),
            (files.changed.len(), "changed"),
            (files.missing.len(), "missing"),
            (files.extra.len(), "not listed"),
        ];
        let directory = plain(&files.directory);
        self.item("Files", &format!("{verdict} {directory}: {}", tally(&counts)));
        let lists =
            [("changed", &files.changed), ("missing", &files.missing), ("extra", &files.extra)];
        for (what, names) in lists {
            self.list(what, names.iter().map(|name| plain(name)));
        }
    }

    fn leftovers(&mut self, report: &Report) {
        for unmatched in &report.unmatched {
            let what = format!("{}: {}", plain(&unmatched.file), unmatched.kind.sentence());
            let what = self.paint(&what, RED);
            self.item("Unmatched", &what);
        }
        if !report.ignored.is_empty() {
            let count = report.ignored.len();
            self.item("Ignored", &format!("{count} files that are no evidence"));
            if self.all {
                self.list("ignored", report.ignored.iter().map(|name| plain(name)));
            }
        }
    }

    fn list(&mut self, what: &str, names: impl ExactSizeIterator<Item = String>) {
        let (found, limit) = (names.len(), if self.all { usize::MAX } else { LIST_MAX });
        for name in names.take(limit) {
            self.detail(&format!("{what}: {name}"));
        }
        if found > limit {
            self.detail(&format!("{what}: … {} more; --all lists them", found - limit));
        }
    }

    fn verdict(&self, verdict: Verdict) -> String {
        let style = match verdict {
            Verdict::Verified => GREEN,
            Verdict::LoggedUnwitnessed | Verdict::NotProven => YELLOW,
            Verdict::Failed => RED,
        };
        self.paint(&format!("{:<VERDICT_WIDTH$}", verdict.as_str()), style)
    }

    fn item(&mut self, label: &str, value: &str) {
        self.line(&format!("{label:<LABEL_WIDTH$} {value}"));
    }

    fn detail(&mut self, text: &str) {
        let text = self.paint(&plain(text), DIM);
        self.line(&format!("{:<VERDICT_WIDTH$} {text}", ""));
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn paint(&self, text: &str, style: u8) -> String {
        if self.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Text that came with the input, without what could steer a terminal.
fn plain(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect()
}

/// `application/vnd.attestry.<name>+json` as its name.
fn short_type(content_type: Option<&'static str>) -> Option<&'static str> {
    content_type?.strip_prefix("application/vnd.attestry.")?.strip_suffix("+json")
}

/// Counts that are not zero, joined by commas.
fn tally(counts: &[(usize, &str)]) -> String {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let some: Vec<_> = some.map(|(count, what)| format!("{count} {what}")).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_input_cannot_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c");
        assert_eq!(plain("résumé – 報告.pdf"), "résumé – 報告.pdf");
    }

    #[test]
    fn zero_counts_are_left_out() {
        assert_eq!(tally(&[(2, "verified"), (0, "failed")]), "2 verified");
        assert_eq!(tally(&[(0, "failed")]), "none");
    }
}
