//! What the service searches by itself, what it says of it, and what follows for clearance.

use std::time::{Duration, Instant};

use attestry::cli::submit::Searched;
use attestry_proof::{
    hash::Hash,
    payload::{
        Payload,
        clearance::Clearance,
        envelope::Tool,
        fields::Digest,
        redaction_check::{AcceptedFinding, RedactionCategory, ResidualRisk, Scan as Said},
        scan::{ReportComparison, Scan},
    },
};
use attestry_scrub::{File, Report, Scanner};
use serde_json::Value;

use crate::support::{Member, Server, Work, by_reading, fsck, review};

/// A key of the right form, which opens nothing.
const KEY: &str = "AWS_ACCESS_KEY_ID=AKIAQ3EGRLMZ7TPDW2XN\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// A contractor and a reviewer under terms that ask for a scan and allow little risk.
struct Scene {
    server: Server,
    owner: Member,
    reviewer: Member,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let owner = server.person_in("main", &["contractor"], "ada@example.org").await;
        let reviewer = server.person_in("main", &["reviewer"], "bob@example.org").await;
        Self { server, owner, reviewer }
    }

    async fn attest(&self, work: &Work) {
        for draft in work.statements(&self.server, &self.owner) {
            self.server.register(&draft.signed(&self.owner).encode()).await;
        }
    }

    /// The report that the owner's own search of the work makes.
    fn report(&self, work: &Work, text: &str) -> Report {
        let rules = self.server.service.policies().scan_rules().unwrap().clone();
        let content = |role: &str| format!("{role} of {}\n{text}", work.id).into_bytes();
        let files = ["Request", "Deliverable"].map(|role| File::of("work.txt", content(role)));
        let scanner = Scanner::new(rules);
        let scanner = match attestry::ocr::engine() {
            Some(engine) => scanner.with_ocr(engine),
            None => scanner,
        };
        scanner.scan_files(files.into())
    }

    /// Payloads of one kind about a work, in order, once there are so many.
    async fn payloads(&self, work: &Work, kind: &str, least: usize) -> Vec<Payload> {
        let begun = Instant::now();
        loop {
            let mut found = Vec::new();
            for event in work.custody(&self.server, &self.owner).await {
                if event["kind"] == kind {
                    let path = format!("/api/v1/entries/{}/payload", event["index"]);
                    let answer = self.server.get(path).by(&self.owner).send().await;
                    found.push(Payload::parse(&answer.status(200).body, true).unwrap());
                }
            }
            if found.len() >= least {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{} {kind} statements", found.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn scanned(&self, work: &Work) -> Scan {
        self.server.service.scan_due().await.unwrap();
        let last = self.payloads(work, "scan", 1).await.pop().unwrap();
        let Payload::Scan(said) = last else { panic!("a scan") };
        said.body().clone()
    }

    async fn accept(&self, work: &Work) {
        let leaves = work.leaves(&self.server, &self.owner).await;
        let draft = review(&self.server, &self.reviewer, work.id, &leaves, true);
        self.server.send(&draft, &self.reviewer).await.status(201);
    }

    async fn decided(&self, work: &Work) -> Clearance {
        let last = self.payloads(work, "clearance", 1).await.pop().unwrap();
        let Payload::Clearance(said) = last else { panic!("a decision") };
        said.body().clone()
    }
}

/// What the owner says: that they searched by the same means, with this report.
fn by_tool(report: &Report, sha256: Hash, version: &str) -> Said {
    Said::Tool {
        report_sha256: Digest(sha256),
        tool: Tool { name: report.tool.parse().unwrap(), version: version.parse().unwrap() },
        rules_sha256: Digest(Hash::from_hex(&report.rules_digest).unwrap()),
    }
}

fn accepting(scan: Said, report: &Report) -> Searched {
    let accepted = report.blocking(attestry::service::scan::THRESHOLD);
    let accepted = accepted.ids().map(|id| AcceptedFinding {
        finding: id.parse().unwrap(),
        category: RedactionCategory::Credential,
        reason: "Made up for this text.".parse().unwrap(),
    });
    Searched::new(scan, accepted.collect(), [])
}

#[tokio::test]
async fn a_clean_work_is_searched_on_receipt_and_cleared_after_its_review() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let scan = scene.scanned(&work).await;
    assert_eq!(
        (scan.comparison, scan.residual_risk),
        (ReportComparison::None, ResidualRisk::NoneKnown)
    );
    assert_eq!((scan.unaccepted_count, scan.not_read), (0, 0));
    assert_eq!(scan.manifests.len(), 2);
    scene.accept(&work).await;
    assert!(scene.decided(&work).await.granted);
    // The report is a file like the others.
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, scan.report_sha256);
    let report = scene.server.get(path).by(&scene.owner).send().await.status(200).body;
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["inputs"][0]["name"], "work.txt");
    // Nothing is searched twice for the same statements.
    scene.server.service.scan_due().await.unwrap();
    assert_eq!(scene.payloads(&work, "scan", 1).await.len(), 1);
    fsck(scene.server).await;
}

#[tokio::test]
async fn what_is_neither_removed_nor_accepted_is_not_cleared() {
    let scene = Scene::new().await;
    let work = Work::stored_with(&scene.server, &scene.owner, KEY).await;
    scene.attest(&work).await;
    let scan = scene.scanned(&work).await;
    assert_eq!(scan.residual_risk, ResidualRisk::High);
    assert!(scan.unaccepted_count >= 1 && scan.found.critical >= 1, "{scan:?}");
    scene.accept(&work).await;
    let said = scene.decided(&work).await;
    let missing: Vec<&str> = said.missing.iter().map(|word| word.as_str()).collect();
    assert_eq!((said.granted, missing), (false, vec!["risk"]));
    fsck(scene.server).await;
}

#[tokio::test]
async fn the_same_report_is_recognised_and_what_was_accepted_is_some_risk() {
    let scene = Scene::new().await;
    let mut work = Work::stored_with(&scene.server, &scene.owner, KEY).await;
    let report = scene.report(&work, KEY);
    let said = by_tool(&report, Hash(report.digest()), report.version);
    work.searched = accepting(said, &report);
    scene.attest(&work).await;
    let scan = scene.scanned(&work).await;
    assert_eq!(scan.comparison, ReportComparison::Same);
    assert_eq!((scan.unaccepted_count, scan.residual_risk), (0, ResidualRisk::Medium));
    assert_eq!(scan.report_sha256.0, Hash(report.digest()));
}

#[tokio::test]
async fn a_report_of_something_else_is_flagged() {
    let scene = Scene::new().await;
    let mut work = Work::stored(&scene.server, &scene.owner).await;
    let report = scene.report(&work, "other words\n");
    let said = by_tool(&report, Hash(report.digest()), report.version);
    work.searched = Searched::new(said, Vec::new(), []);
    scene.attest(&work).await;
    let scan = scene.scanned(&work).await;
    assert_eq!(scan.comparison, ReportComparison::Differs);
    assert_eq!((scan.unaccepted_count, scan.residual_risk), (0, ResidualRisk::High));
}

#[tokio::test]
async fn other_means_are_no_contradiction_and_new_statements_are_searched_again() {
    let scene = Scene::new().await;
    let mut work = Work::stored(&scene.server, &scene.owner).await;
    let report = scene.report(&work, "");
    let said = by_tool(&report, Hash::of(b"a report of another version"), "0.0.9");
    work.searched = Searched::new(said, Vec::new(), []);
    scene.attest(&work).await;
    let scan = scene.scanned(&work).await;
    assert_eq!(scan.comparison, ReportComparison::OtherMeans);
    assert_eq!(scan.residual_risk, ResidualRisk::NoneKnown);
    work.searched = by_reading();
    scene.attest(&work).await;
    scene.scanned(&work).await;
    let scans = scene.payloads(&work, "scan", 2).await;
    let Payload::Scan(last) = scans.last().unwrap() else { panic!("a scan") };
    assert_eq!(last.body().comparison, ReportComparison::None);
    fsck(scene.server).await;
}
