//! What the statements about a submission come to, counted again from the statements themselves.

use attestry_proof::{
    key::Thumbprint,
    payload::{
        Payload, Speaker,
        review::ReviewVerdict,
        status::{Status, SubmissionStatus},
        withdrawal::Scope,
    },
};

use crate::{
    service::judge::attestation_kind,
    store::{
        audit::{RawReview, RawStanding},
        ledger::{AttestationSet, PurposeSet},
    },
};

/// Where a submission stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    withdrawn: bool,
    /// Position of the last statement by a person.
    said: i64,
    /// A bit for each kind stated.
    attested: u8,
    attested_index: Option<i64>,
    review: RawReview,
    scan_index: Option<i64>,
    cleared: PurposeSet,
    published: Option<(SubmissionStatus, PurposeSet)>,
}

impl Standing {
    /// Takes the next statement.
    pub fn take(&mut self, index: i64, issuer: Thumbprint, payload: &Payload) {
        if payload.kind().speaker() != Speaker::Service {
            self.said = index;
        }
        if let Some(kind) = attestation_kind(payload) {
            self.attested |= AttestationSet::of(kind).bits();
            self.attested_index = Some(index);
            self.cleared = PurposeSet::default();
        }
        match payload {
            Payload::Review(said) => {
                let accepted = said.body().verdict == ReviewVerdict::Accepted;
                let reviewer = issuer.0.as_bytes().to_vec();
                self.review = RawReview {
                    index: Some(index),
                    accepted: Some(accepted),
                    reviewer: Some(reviewer),
                };
                self.cleared = PurposeSet::default();
            }
            Payload::Withdrawal(said) => match &said.body().scope {
                Scope::Everything => {
                    self.withdrawn = true;
                    self.cleared = PurposeSet::default();
                }
                Scope::Purposes(purposes) => {
                    self.cleared = self.cleared.without(purposes.iter().copied().collect());
                }
            },
            Payload::Scan(_) => self.scan_index = Some(index),
            Payload::Clearance(said) if !self.withdrawn => {
                let said = said.body();
                let one = PurposeSet::default().with(said.purpose);
                let others = self.cleared.without(one);
                self.cleared = if said.granted { others.union(one) } else { others };
            }
            Payload::Status(said) => {
                let Status { status, purposes, .. } = said.body();
                self.published = Some((*status, purposes.iter().copied().collect()));
            }
            _ => {}
        }
    }

    /// How a row differs from it.
    pub fn problems(&self, row: &RawStanding) -> Vec<String> {
        let mut problems = Vec::new();
        match (row.withdrawn, self.withdrawn) {
            (true, false) => {
                problems.push("it is recorded as withdrawn, but no statement withdraws it".into());
            }
            (false, true) => {
                let problem = "it was withdrawn by a statement, but is not recorded as such";
                problems.push(problem.into());
            }
            _ => {}
        }
        let published = self.published.map(|(status, _)| status.as_str());
        let purposes = self.published.map(|(_, purposes)| purposes).unwrap_or_default();
        let same = [
            ("said_index", row.said == self.said),
            ("attested", row.attested == i64::from(self.attested)),
            ("attested_index", row.attested_index == self.attested_index),
            ("review_index, review_accepted or reviewer", row.review == self.review),
            ("scan_index", row.scan_index == self.scan_index),
            ("cleared", row.cleared == i64::from(self.cleared.bits())),
            ("published", row.published.as_deref() == published),
            ("published_purposes", row.published_purposes == i64::from(purposes.bits())),
        ];
        let different = same.iter().filter(|(_, same)| !same);
        problems.extend(
            different.map(|(column, _)| format!("{column} is not what its statements come to")),
        );
        problems
    }
}

#[cfg(test)]
mod tests {
    use attestry_proof::{
        hash::Hash,
        payload::{Announcement, Official, Record, StatementKind, withdrawal::Purpose},
    };

    use super::*;

    fn example(kind: StatementKind) -> Payload {
        let name = format!("tests/fuzz/corpus/payload/{kind}.json");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        Payload::parse(&std::fs::read(path).unwrap(), kind.is_sealed()).unwrap()
    }

    fn clearance(granted: bool) -> Payload {
        let Payload::Clearance(example) = example(StatementKind::Clearance) else { panic!() };
        let mut body = example.body().clone();
        body.granted = granted;
        if granted {
            body.missing.clear();
        }
        Record::new(*example.salt(), body).unwrap().into()
    }

    fn review(accepted: bool) -> Payload {
        let Payload::Review(example) = example(StatementKind::Review) else { panic!() };
        let mut body = example.body().clone();
        if accepted {
            body.verdict = ReviewVerdict::Accepted;
            body.redaction_countersigned = true;
            body.reasons.clear();
        }
        Official::new(*example.salt(), example.envelope().clone(), body).unwrap().into()
    }

    fn status(status: SubmissionStatus, purposes: &[Purpose]) -> Payload {
        let Payload::Status(example) = example(StatementKind::Status) else { panic!() };
        let purposes = purposes.to_vec();
        Announcement::new(Status { status, purposes, ..example.body().clone() }).unwrap().into()
    }

    const REVIEWER: Thumbprint = Thumbprint(Hash([7; 32]));

    /// What the row has to say after these statements, at positions from 5 on.
    fn row(statements: &[Payload]) -> RawStanding {
        let mut standing = Standing::default();
        for (index, payload) in (5..).zip(statements) {
            standing.take(index, REVIEWER, payload);
        }
        let published = standing.published.map(|(status, _)| status.as_str().to_owned());
        let words = standing.published.map(|(_, purposes)| purposes).unwrap_or_default();
        RawStanding {
            withdrawn: standing.withdrawn,
            said: standing.said,
            attested: standing.attested.into(),
            attested_index: standing.attested_index,
            review: standing.review,
            scan_index: standing.scan_index,
            cleared: standing.cleared.bits().into(),
            published,
            published_purposes: words.bits().into(),
        }
    }

    #[test]
    fn statements_are_counted_in_their_order() {
        let effort = example(StatementKind::Effort);
        let mut said = vec![effort.clone(), review(true), clearance(true)];
        let cleared = row(&said);
        assert_eq!((cleared.attested, cleared.attested_index, cleared.said), (64, Some(5), 6));
        assert_eq!((cleared.cleared, cleared.withdrawn), (1, false));
        let expected = (Some(6), Some(true), Some(vec![7; 32]));
        let RawReview { index, accepted, reviewer } = cleared.review;
        assert_eq!((index, accepted, reviewer), expected);
        // Whatever is attested again has to be cleared again.
        said.push(effort);
        assert_eq!((row(&said).cleared, row(&said).attested_index), (0, Some(8)));
        said.push(clearance(true));
        assert_eq!(row(&said).cleared, 1);
        said.push(review(false));
        assert_eq!((row(&said).cleared, row(&said).review.accepted), (0, Some(false)));
        said.push(clearance(false));
        assert_eq!(row(&said).cleared, 0);
    }

    #[test]
    fn a_withdrawal_takes_clearance_and_the_word_is_the_last_one() {
        // Of training and redistribution.
        let partial = example(StatementKind::Withdrawal);
        let said = [clearance(true), partial];
        assert_eq!((row(&said).cleared, row(&said).withdrawn), (0, false));
        let words = [
            status(SubmissionStatus::Cleared, &[Purpose::Training, Purpose::Redistribution]),
            status(SubmissionStatus::Uncleared, &[]),
        ];
        let first = row(&words[..1]);
        assert_eq!((first.published.as_deref(), first.published_purposes), (Some("cleared"), 5));
        let last = row(&words);
        assert_eq!((last.published.as_deref(), last.published_purposes), (Some("uncleared"), 0));
        assert_eq!(last.said, 0, "the service is no person");
    }

    #[test]
    fn every_column_that_differs_is_named() {
        let scan = example(StatementKind::Scan);
        let said = [example(StatementKind::Effort), scan, review(true), clearance(true)];
        let mut standing = Standing::default();
        for (index, payload) in (5..).zip(&said) {
            standing.take(index, REVIEWER, payload);
        }
        let right = row(&said);
        assert_eq!(standing.problems(&right), [""; 0]);
        type Change = (&'static str, fn(&mut RawStanding));
        let changes: [Change; 9] = [
            ("recorded as withdrawn", |row| row.withdrawn = true),
            ("said_index", |row| row.said -= 1),
            ("attested ", |row| row.attested = 127),
            ("attested_index", |row| row.attested_index = None),
            ("reviewer", |row| row.review.reviewer = Some(vec![8; 32])),
            ("scan_index", |row| row.scan_index = None),
            ("cleared", |row| row.cleared = 3),
            ("published ", |row| row.published = Some("cleared".into())),
            ("published_purposes", |row| row.published_purposes = 1),
        ];
        for (column, change) in changes {
            let mut row = right.clone();
            change(&mut row);
            let problems = standing.problems(&row);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(column), "{problems:?}");
        }
    }
}
