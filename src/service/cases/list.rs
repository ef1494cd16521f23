//! Lists of what a case concerns, stored as files under the case's key.

use std::collections::BTreeMap;

use attestry_proof::{
    hash::Hash,
    payload::{case::Concerned, erasure::MAX_FILES_ERASED, fields::Digest},
};
use uuid::Uuid;

use super::super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    drafts::no_submission,
};
use crate::{
    store::{
        ledger::KeyRecord,
        legal::{CaseRecord, ConcernedSubmission},
    },
    vault::VaultError,
};

/// Most bytes of a list: 100,000 submissions.
pub const LIST_BYTES_MAX: usize = 4 << 20;

/// Writes a list in its one form; see `Concerned`.
pub(super) fn write(concerned: &[ConcernedSubmission]) -> (Concerned, Vec<u8>) {
    let mut lines: Vec<String> = Vec::new();
    for it in concerned {
        match &it.files {
            None => lines.push(format!("{}\n", it.submission)),
            Some(files) => {
                lines.extend(files.iter().map(|file| format!("{} {file}\n", it.submission)));
            }
        }
    }
    lines.sort_unstable();
    let bytes = lines.concat().into_bytes();
    let sha256 = Digest(Hash::of(&bytes));
    (Concerned { count: lines.len() as u64, sha256 }, bytes)
}

/// Reads a list; `None` unless it is in its one form, each line once, and no submission both whole and
/// in part.
pub(in super::super) fn read(bytes: &[u8]) -> Option<Vec<ConcernedSubmission>> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let mut found: BTreeMap<Uuid, Option<Vec<Hash>>> = BTreeMap::new();
    let mut before = "";
    for line in text.split('\n') {
        if line <= before {
            return None;
        }
        before = line;
        let (id, file) = match line.split_once(' ') {
            None => (line, None),
            Some((id, file)) => (id, Some(Hash::from_hex(file)?)),
        };
        let submission: Uuid = id.parse().ok()?;
        if submission.to_string() != id {
            return None;
        }
        match (found.get_mut(&submission), file) {
            (None, file) => drop(found.insert(submission, file.map(|file| vec![file]))),
            // An order to erase names no more.
            (Some(Some(files)), Some(file)) if files.len() < MAX_FILES_ERASED => files.push(file),
            _ => return None,
        }
    }
    let concerned = |(submission, files)| ConcernedSubmission { submission, files };
    Some(found.into_iter().map(concerned).collect())
}

impl Service {
    /// Keeps a list for a step to come; answers with what the step names.
    ///
    /// # Errors
    /// [`ServiceError::ConcernedList`], and those of [`Service::case`].
    pub async fn keep_list(
        &self,
        caller: &KeyRecord,
        case: Uuid,
        bytes: Vec<u8>,
    ) -> Result<Concerned, ServiceError> {
        let record = self.case_for(caller, case).await?;
        let sha256 = Hash::of(&bytes);
        let unusable = |reason: &str| ServiceError::ConcernedList { sha256, reason: reason.into() };
        if bytes.len() > LIST_BYTES_MAX {
            return Err(unusable("it is too long"));
        }
        let form = "lines SUBMISSION or SUBMISSION SHA256, sorted, each ended by a line feed";
        let concerned = read(&bytes).ok_or_else(|| unusable(form))?;
        self.require_concerned(&record, &concerned).await?;
        let (named, bytes) = write(&concerned);
        self.store_small(case, sha256, bytes).await?;
        Ok(named)
    }

    /// What a statement names.
    pub(super) async fn list(
        &self,
        record: &CaseRecord,
        named: Concerned,
    ) -> Result<Vec<ConcernedSubmission>, ServiceError> {
        let sha256 = named.sha256.0;
        let unusable = |reason: &str| ServiceError::ConcernedList { sha256, reason: reason.into() };
        let file = match self.vault.open_file(record.id, sha256, None).await {
            Ok(file) => file,
            Err(VaultError::FileUnknown { .. }) => {
                return Err(unusable("send it first: PUT /api/v1/cases/{id}/list"));
            }
            Err(error) => return Err(error.into()),
        };
        if file.size > LIST_BYTES_MAX as u64 {
            return Err(unusable("it is too long"));
        }
        let bytes = file.into_bytes().await.map_err(VaultError::from)?;
        let concerned = read(&bytes).ok_or_else(|| unusable("it is not in the form of a list"))?;
        if write(&concerned).0 != named {
            return Err(unusable("it has another number of lines"));
        }
        self.require_concerned(record, &concerned).await?;
        Ok(concerned)
    }

    /// A case concerns submissions of its program; one of `operations`, of any.
    async fn require_concerned(
        &self,
        record: &CaseRecord,
        concerned: &[ConcernedSubmission],
    ) -> Result<(), ServiceError> {
        for it in concerned {
            let found = self.ledger.submission(it.submission).await?;
            let known = found.is_some_and(|found| {
                found.program == record.program || record.program == OPERATIONS
            });
            if !known {
                return Err(no_submission(it.submission));
            }
        }
        Ok(())
    }

    /// The case, if the caller handles cases of its program.
    pub(in super::super) async fn case_for(
        &self,
        caller: &KeyRecord,
        case: Uuid,
    ) -> Result<CaseRecord, ServiceError> {
        let record = self.case_record(case).await?;
        self.authorize(Some(caller), Action::HandleCases, Thing::Program(&record.program))
            .map_err(|_| super::no_case(case))?;
        Ok(record)
    }
}

/// The program whose officers handle what belongs to no other.
pub(super) const OPERATIONS: &str = "operations";

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128((0xa << 64) | number)
    }

    #[test]
    fn a_list_reads_back_and_has_one_form() {
        let concerned = [
            ConcernedSubmission { submission: id(1), files: None },
            ConcernedSubmission {
                submission: id(2),
                files: Some(vec![Hash([1; 32]), Hash([2; 32])]),
            },
        ];
        let (named, bytes) = write(&concerned);
        assert_eq!((named.count, named.sha256.0), (3, Hash::of(&bytes)));
        assert_eq!(read(&bytes).as_deref(), Some(&concerned[..]));
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let joined =
            |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        for other in [
            String::new(),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            joined(&[lines[1], lines[0], lines[2]]),
            joined(&[lines[0], lines[0]]),
            joined(&[&id(2).to_string(), lines[1]]),
            text.to_uppercase(),
            text.replace(' ', "  "),
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other:?}");
        }
    }
}
