//! Orders to erase, told again from their statements, and what the journal beside the guard has of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use attestry_proof::{
    hash::Hash,
    payload::{
        Payload,
        erasure::{ErasureOrdered, ErasureScope},
    },
};
use uuid::Uuid;

use super::{
    super::erase::{REFUSED_FILES, fingerprint_here},
    Check, Facts, ROWS_PER_PAGE,
};
use crate::{
    store::{
        audit::{Place, RawErasure},
        ledger::StoreError,
    },
    vault::SubmissionKey,
};

type Keys = HashMap<Uuid, Option<SubmissionKey>>;

impl Check<'_> {
    /// Compares orders to erase with what was said of them, and with the journal.
    pub(super) async fn orders(&mut self, facts: &Facts) {
        // Without keys nothing of it can be read, and every order would be missed.
        if self.subject.vault.is_none() {
            return;
        }
        let told = self.told_orders(facts).await;
        self.settle("erasures", told);
    }

    async fn told_orders(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let journal = self.subject.journal.unwrap_or_default();
        let journalled: HashSet<(u64, Hash)> =
            journal.iter().map(|record| (record.ordered.0, record.leaf)).collect();
        let mut unrecorded: BTreeSet<u64> = facts.orders.clone();
        let mut keys = Keys::new();
        let mut after = -1;
        loop {
            let page = self.subject.ledger.erasures(after, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.ordered;
            for row in page {
                let mut problems = self.order_problems(&mut keys, &row).await?;
                let position = u64::try_from(row.ordered).unwrap_or(u64::MAX);
                unrecorded.remove(&position);
                let known = Hash::from_slice(&row.leaf).map(|leaf| (position, leaf));
                let in_journal = known.is_some_and(|order| journalled.contains(&order));
                if self.subject.journal.is_some() && row.journalled && !in_journal {
                    problems.push("the erasure journal does not have it, though it had".into());
                }
                for problem in problems {
                    self.findings.report(Place::row("erasures", row.ordered), problem);
                }
            }
        }
        for index in unrecorded {
            let problem = "is missing, but the entry there ordered it";
            self.findings.report(Place::row("erasures", index), problem);
        }
        for record in journal.iter().filter(|it| !facts.orders.contains(&it.ordered.0)) {
            let problem = format!("it has an order at entry {}, the log has none", record.ordered);
            self.findings.report(Place::whole("erasure journal"), problem);
        }
        Ok(())
    }

    async fn order_problems(
        &mut self,
        keys: &mut Keys,
        row: &RawErasure,
    ) -> Result<Vec<String>, StoreError> {
        let said = self.said_at(keys, row.ordered).await?;
        let Some((leaf, order)) = said.and_then(|said| match said.payload {
            Payload::ErasureOrdered(order) => Some((said.leaf_hash, order.body().clone())),
            _ => None,
        }) else {
            return Ok(vec!["the entry there is no order that can be read".into()]);
        };
        let mut same = vec![
            ("order_leaf", leaf == row.leaf),
            ("submission", order.subject.0.as_bytes().as_slice() == row.submission),
            ("case_id", order.case.0.as_bytes().as_slice() == row.case),
            ("files", same_files(&order, row)),
            ("journalled", row.journalled || row.erased.is_none()),
        ];
        if let Some(erased) = row.erased {
            let said = self.said_at(keys, erased).await?;
            let ends = said.is_some_and(|said| match said.payload {
                Payload::Erased(said) => said.body().order.0.as_bytes().as_slice() == leaf,
                _ => false,
            });
            same.push(("erased_index", ends));
            same.push(("refused_files", self.refuses(&order).await?));
        }
        let different = same.into_iter().filter(|(_, same)| !same);
        Ok(different.map(|(what, _)| format!("{what} is not what its statements say")).collect())
    }

    /// Whether single files that were erased are kept from coming back.
    async fn refuses(&self, order: &ErasureOrdered) -> Result<bool, StoreError> {
        let (ErasureScope::Files(files), Some(vault)) = (&order.scope, self.subject.vault) else {
            return Ok(true);
        };
        let Ok(key) = vault.existing_key(REFUSED_FILES).await else { return Ok(false) };
        for file in files {
            let fingerprint = fingerprint_here(&key, order.subject.0, &file.0);
            if !self.subject.ledger.is_refused(fingerprint).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is erased names no files any more: their digests would tell that they were here.
fn same_files(order: &ErasureOrdered, row: &RawErasure) -> bool {
    match (&order.scope, &row.files) {
        (ErasureScope::Everything, None) => true,
        (ErasureScope::Files(_), Some(bytes)) if bytes.is_empty() => row.erased.is_some(),
        (ErasureScope::Files(files), Some(bytes)) => {
            let named: Vec<u8> = files.iter().flat_map(|file| file.0.0).collect();
            row.erased.is_none() && named == *bytes
        }
        _ => false,
    }
}
