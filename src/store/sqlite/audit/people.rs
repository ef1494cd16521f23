//! Rows about people, and what is derived about submissions.

use futures_util::FutureExt as _;
use sqlx::{FromRow, Row as _, sqlite::SqliteRow};

use super::SqliteLedgerAudit;
use crate::store::audit::{
    PeopleAudit, RawApproval, RawPolicyFile, RawProfile, RawReview, RawStanding, RawSubmission,
    Rows,
};

/// Submissions with the first entry about each, a page by id.
pub(super) const SUBMISSIONS: &str = "WITH page AS (
    SELECT *, (SELECT min(leaf_index) FROM entries WHERE subject = id) AS first_index
    FROM submissions WHERE id > ? ORDER BY id LIMIT ?)
    SELECT page.*, issuer AS first_issuer
    FROM page LEFT JOIN entries ON leaf_index = first_index ORDER BY id";

impl FromRow<'_, SqliteRow> for RawSubmission {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let first: Option<i64> = row.try_get("first_index")?;
        Ok(Self {
            id: row.try_get("id")?,
            owner: row.try_get("owner")?,
            opened: row.try_get("opened_index")?,
            program: row.try_get("program")?,
            standing: RawStanding {
                withdrawn: row.try_get("withdrawn")?,
                said: row.try_get("said_index")?,
                attested: row.try_get("attested")?,
                attested_index: row.try_get("attested_index")?,
                review: RawReview {
                    index: row.try_get("review_index")?,
                    accepted: row.try_get("review_accepted")?,
                    reviewer: row.try_get("reviewer")?,
                },
                scan_index: row.try_get("scan_index")?,
                cleared: row.try_get("cleared")?,
                published: row.try_get("published")?,
                published_purposes: row.try_get("published_purposes")?,
            },
            first: first.zip(row.try_get("first_issuer")?),
        })
    }
}

type ApprovalColumns = (i64, Vec<u8>, Vec<u8>, Vec<u8>);
type ProfileColumns = (Vec<u8>, Option<Vec<u8>>);

fn profile((id, profile): ProfileColumns) -> RawProfile {
    RawProfile { id, profile }
}

impl PeopleAudit for SqliteLedgerAudit {
    fn approvals(&self, after: i64, limit: u32) -> Rows<'_, RawApproval> {
        async move {
            const SQL: &str = "SELECT leaf_index, lost, replacement, officer FROM key_approvals
                 WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?";
            let rows: Vec<ApprovalColumns> = self.all(SQL, [after, limit.into()]).await?;
            let row = |(index, lost, replacement, officer): ApprovalColumns| RawApproval {
                index,
                lost,
                replacement,
                officer,
            };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn programs<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawProfile> {
        async move {
            const SQL: &str = "SELECT id, profile FROM programs WHERE id > ? ORDER BY id LIMIT ?";
            let rows: Vec<ProfileColumns> = self.page(SQL, after, limit).await?;
            Ok(rows.into_iter().map(profile).collect())
        }
        .boxed()
    }

    fn persons<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawProfile> {
        async move {
            const SQL: &str = "SELECT id, profile FROM persons WHERE id > ? ORDER BY id LIMIT ?";
            let rows: Vec<ProfileColumns> = self.page(SQL, after, limit).await?;
            Ok(rows.into_iter().map(profile).collect())
        }
        .boxed()
    }

    fn keys_of_nothing(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        const SQL: &str = "SELECT thumbprint FROM signing_keys
             WHERE program NOT IN (SELECT name FROM programs)
                OR person IS NOT NULL AND person NOT IN (SELECT id FROM persons) LIMIT ?";
        self.column(SQL, limit)
    }

    fn identities_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        const SQL: &str = "SELECT fingerprint FROM identities
             WHERE person NOT IN (SELECT id FROM persons) LIMIT ?";
        self.column(SQL, limit)
    }

    fn sessions_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        const SQL: &str = "SELECT id FROM sessions WHERE thumbprint NOT IN
             (SELECT thumbprint FROM signing_keys WHERE revoked_index IS NULL) LIMIT ?";
        self.column(SQL, limit)
    }

    fn policy_files<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawPolicyFile> {
        async move {
            const SQL: &str =
                "SELECT sha256, bytes FROM policy_files WHERE sha256 > ? ORDER BY sha256 LIMIT ?";
            let rows: Vec<(Vec<u8>, Vec<u8>)> = self.page(SQL, after, limit).await?;
            Ok(rows.into_iter().map(|(sha256, bytes)| RawPolicyFile { sha256, bytes }).collect())
        }
        .boxed()
    }
}
