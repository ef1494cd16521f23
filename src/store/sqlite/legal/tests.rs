//! What is asked with each request or each second is found, not searched for.

use sqlx::Row as _;

use super::*;

/// The plan of a statement, a line for each step.
async fn plan(ledger: &SqliteLedger, sql: &str) -> Vec<String> {
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(sql).fetch_all(ledger.readers()).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_walks_over_all_holds_cases_or_submissions() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&directory.path().join("ledger.db")).await.unwrap();
    let [holds, cases] = facts::count_matters();
    for sql in [
        format!("SELECT {} FROM submissions WHERE id = ?", facts::is_held()),
        format!("SELECT {holds}, {cases} FROM submissions WHERE id = ?"),
        left_in(&facts::is_free()),
        left_in("TRUE"),
        cases_at(),
        DUE_A_CASE.into(),
        list_cases(false),
        list_cases(true),
        holds_in(),
    ] {
        let plan = plan(&ledger, &sql).await;
        let walks = |step: &&String| {
            // That index has nothing but what is due.
            step.starts_with("USE TEMP B-TREE")
                || (step.starts_with("SCAN") && !step.ends_with("INDEX submissions_case_due"))
        };
        let walks: Vec<&String> = plan.iter().filter(walks).collect();
        assert!(walks.is_empty(), "{sql}\n{plan:#?}");
    }
    let scanned = plan(&ledger, "SELECT count(*) FROM holds WHERE released_index = 3").await;
    assert!(scanned[0].starts_with("SCAN"), "{scanned:?}");
    ledger.close().await;
}
