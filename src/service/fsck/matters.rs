//! Holds and takedown cases, told again from what was said in them.

use std::collections::{BTreeMap, HashSet};

use attestry_proof::{
    hash::Hash,
    key::Thumbprint,
    payload::{
        Payload,
        case::{CaseState, Concerned},
        erasure::ErasureScope,
        fields::Timestamp,
        hold::{Hold, HoldScope},
    },
};
use uuid::Uuid;

use super::{super::cases::read_list, Check, Facts, ROWS_PER_PAGE, derived::Said};
use crate::store::{
    audit::{Place, RawCase, RawHold},
    ledger::StoreError,
};

/// What the statements about a hold or a case come to.
#[derive(Debug)]
enum Matter {
    Case(Case),
    Hold(HoldTold),
}

#[derive(Debug)]
struct Case {
    program: String,
    ground: String,
    channel: &'static str,
    opened: i64,
    state: CaseState,
    step: (i64, Vec<u8>),
    concerned: Option<Vec<u8>>,
    history: Vec<Came>,
    approvals: Vec<String>,
}

/// That a case came to a state.
#[derive(Debug)]
struct Came {
    index: i64,
    state: CaseState,
    /// When, where the statement says it: an officer's step counts from when the service took it.
    at: Option<i64>,
}

impl Came {
    /// Whether a row, as [`RawCase::history`] writes it, tells the same.
    fn is(&self, row: &str) -> bool {
        let told = format!("{} {} ", self.index, self.state.as_str());
        let at = row.strip_prefix(&told).and_then(|at| at.parse().ok());
        at.is_some_and(|at: i64| self.at.is_none_or(|told| told == at))
    }
}

#[derive(Debug)]
struct HoldTold {
    hold: Hold,
    placed: i64,
    released: Option<i64>,
}

impl Matter {
    /// The table that it is in.
    const fn table(&self) -> &'static str {
        match self {
            Self::Case(_) => "cases",
            Self::Hold(_) => "holds",
        }
    }

    /// What its first statement says; `None` if that opens nothing.
    fn of(said: &Said) -> Option<Self> {
        match &said.payload {
            Payload::CaseOpened(opened) => {
                let opened = opened.body();
                let mut case = Case {
                    program: opened.program.to_string(),
                    ground: opened.ground.to_string(),
                    channel: opened.channel.as_str(),
                    opened: said.index,
                    state: CaseState::Received,
                    step: (said.index, Vec::new()),
                    concerned: None,
                    history: Vec::new(),
                    approvals: Vec::new(),
                };
                let concerned = opened.concerned.as_ref();
                case.moves(said, CaseState::Received, (Some(opened.received_at), concerned));
                Some(Self::Case(case))
            }
            Payload::Hold(hold) => Some(Self::Hold(HoldTold {
                hold: hold.body().clone(),
                placed: said.index,
                released: None,
            })),
            _ => None,
        }
    }

    fn take(&mut self, said: &Said) {
        match (self, &said.payload) {
            (Self::Case(case), Payload::CaseStep(step)) => {
                let step = step.body();
                case.moves(said, step.to, (None, step.concerned.as_ref()));
            }
            (Self::Case(case), Payload::CaseMoved(moved)) => {
                let moved = moved.body();
                case.moves(said, moved.to, (Some(moved.moved_at), None));
            }
            (Self::Case(case), Payload::CaseApproval(approval)) => {
                let (approves, leaf) = (approval.body().approves, hex::encode(&said.leaf_hash));
                let officer = said.issuer.0;
                case.approvals.push(format!("{} {officer} {approves} {leaf}", said.index));
            }
            (Self::Hold(hold), Payload::HoldRelease(_)) => hold.released = Some(said.index),
            _ => {}
        }
    }
}

impl Case {
    fn moves(
        &mut self,
        said: &Said,
        to: CaseState,
        (at, concerned): (Option<Timestamp>, Option<&Concerned>),
    ) {
        self.state = to;
        self.step = (said.index, said.leaf_hash.clone());
        let at = at.map(Timestamp::unix_seconds);
        self.history.push(Came { index: said.index, state: to, at });
        if let Some(named) = concerned {
            self.concerned = Some(named.sha256.0.as_bytes().to_vec());
        }
    }

    fn problems(&self, row: &RawCase) -> Vec<String> {
        let history: Vec<&str> = row.history.split(',').collect();
        let same_history = self.history.len() == history.len()
            && self.history.iter().zip(history).all(|(came, row)| came.is(row));
        different(&[
            ("program", self.program == row.program),
            ("ground", self.ground == row.ground),
            ("channel", self.channel == row.channel),
            ("opened_index", self.opened == row.opened),
            ("state", self.state.as_str() == row.state),
            ("step_index", self.step.0 == row.step),
            ("step_leaf", self.step.1 == row.step_leaf),
            ("concerned", self.concerned == row.concerned),
            ("case_history", same_history),
            ("case_approvals", self.approvals.join(",") == row.approvals),
        ])
    }
}

impl HoldTold {
    fn problems(&self, row: &RawHold, facts: &Facts) -> Vec<String> {
        let (scope, contractor) = match &self.hold.scope {
            HoldScope::Submissions(_) | HoldScope::Query(_) => ("submissions", None),
            HoldScope::Contractor(key) => ("contractor", Some(facts.latest(key.0))),
            HoldScope::Program => ("program", None),
        };
        let contractor = contractor.map(|Thumbprint(key)| key.as_bytes().to_vec());
        let named = self.hold.scope.submissions().iter();
        let mut held: Vec<String> = named.map(|it| it.0.simple().to_string()).collect();
        held.sort_unstable();
        different(&[
            ("program", self.hold.program.as_str() == row.program),
            ("scope", scope == row.scope),
            ("contractor", contractor == row.contractor),
            ("held_submissions", held.join(",") == row.held),
            ("placed_index", self.placed == row.placed),
            ("released_index", self.released == row.released),
        ])
    }
}

fn different(same: &[(&str, bool)]) -> Vec<String> {
    let different = same.iter().filter(|(_, same)| !same);
    different.map(|(column, _)| format!("{column} is not what its statements come to")).collect()
}

impl Check<'_> {
    /// Compares holds and cases with what was said in them.
    pub(super) async fn matters(&mut self, facts: &Facts) {
        let told = self.told_matters(facts).await;
        self.settle("cases", told);
        let known = self.known_matters(facts).await;
        self.settle("cases", known);
        let apart = self.submissions_apart().await;
        self.settle("submissions", apart);
    }

    async fn told_matters(&mut self, facts: &Facts) -> Result<(), StoreError> {
        for id in &facts.matters {
            let mut matter: Option<Matter> = None;
            let whole = self
                .said_about(*id, |said| match &mut matter {
                    Some(matter) => matter.take(&said),
                    None => matter = Matter::of(&said),
                })
                .await?;
            let Some(matter) = matter.filter(|_| whole) else { continue };
            let ledger = self.subject.ledger;
            let problems = match &matter {
                Matter::Case(case) => ledger.case(*id).await?.map(|row| case.problems(&row)),
                Matter::Hold(hold) => ledger.hold(*id).await?.map(|row| hold.problems(&row, facts)),
            };
            let lists = match &matter {
                Matter::Case(case) => self.list_problems(*id, case).await?,
                Matter::Hold(_) => Vec::new(),
            };
            for problem in lists {
                self.findings.report(Place::row("case_submissions", *id), problem);
            }
            let missing = || vec!["it was opened by a statement, but is not recorded".to_owned()];
            for problem in problems.unwrap_or_else(missing) {
                self.findings.report(Place::row(matter.table(), *id), problem);
            }
        }
        Ok(())
    }

    /// How the rows of what a case concerns differ from the list that its statements name.
    async fn list_problems(&self, id: Uuid, case: &Case) -> Result<Vec<String>, StoreError> {
        let Some(vault) = self.subject.vault else { return Ok(Vec::new()) };
        let rows = self.subject.ledger.concerned(id).await?;
        let list = case.concerned.as_deref().and_then(Hash::from_slice);
        let told = match list {
            None => Some(Vec::new()),
            Some(sha256) => match vault.open_file(id, sha256, None).await {
                Err(error) => return Ok(vec![format!("its list cannot be read: {error}")]),
                Ok(file) => match file.into_bytes().await {
                    Err(error) => return Ok(vec![format!("its list cannot be read: {error}")]),
                    Ok(bytes) if Hash::of(&bytes) == sha256 => read_list(&bytes),
                    Ok(_) => None,
                },
            },
        };
        let Some(told) = told else {
            return Ok(vec!["its list is not the one that statements name".to_owned()]);
        };
        let mut rows: BTreeMap<Vec<u8>, Option<Vec<u8>>> = rows.into_iter().collect();
        let mut problems = Vec::new();
        for it in told {
            let named: Option<Vec<u8>> =
                it.files.map(|files| files.iter().flat_map(|file| file.0).collect());
            let same = match (rows.remove(it.submission.as_bytes().as_slice()), named) {
                (Some(None), None) => true,
                // Erased: see the orders.
                (Some(Some(found)), Some(named)) => found.is_empty() || found == named,
                _ => false,
            };
            if !same {
                let id = it.submission;
                problems.push(format!("{id} is not there as the list of the case names it"));
            }
        }
        let others = rows.keys().map(hex::encode);
        problems.extend(others.map(|id| format!("{id} is not in the list of the case")));
        Ok(problems)
    }

    /// Nothing is recorded that nobody said anything about.
    async fn known_matters(&mut self, facts: &Facts) -> Result<(), StoreError> {
        const TABLES: [&str; 2] = ["cases", "holds"];
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.subject.ledger.matters(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some((_, last)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (table, id) in page {
                let known = Uuid::from_slice(&id).is_ok_and(|id| facts.matters.contains(&id));
                if let Some(table) = TABLES.into_iter().find(|it| *it == table && !known) {
                    self.findings.report(Place::bytes(table, &id), "no statement opened it");
                }
            }
        }
    }

    async fn submissions_apart(&mut self) -> Result<(), StoreError> {
        let apart = self.subject.ledger.submissions_apart(ROWS_PER_PAGE).await?;
        let mut columns: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
        for (id, column) in apart {
            columns.entry(id).or_default().push(column);
        }
        for (id, columns) in columns {
            let problem = format!("{} differs from cases and erasures", columns.join(", "));
            self.findings.report(Place::bytes("submissions", &id), problem);
        }
        Ok(())
    }

    /// Files of a submission that single orders had erased, while the rest of it stays.
    pub(super) async fn erased_files(&mut self, id: Uuid) -> Result<HashSet<Hash>, StoreError> {
        let mut erased = HashSet::new();
        let take = |said: Said| {
            if let Payload::ErasureOrdered(order) = &said.payload
                && let ErasureScope::Files(files) = &order.body().scope
            {
                erased.extend(files.iter().map(|file| file.0));
            }
        };
        self.said_about(id, take).await?;
        Ok(erased)
    }
}
