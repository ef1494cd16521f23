//! Takedown: somebody objects, officers decide, and what they decide is done and stays done.

mod cases;
mod damage;
mod erasure;
mod holds;
mod kill;
mod mail;
mod notices;
mod obstacles;

use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use crate::support::{Member, Server, Step, Work, case_approval, withdrawal};
use attestry_proof::payload::withdrawal::Scope;

pub use holds::matter_id;
pub use notices::notice;

/// Longest wait for something that the service does by itself.
const DONE_WITHIN: Duration = Duration::from_secs(30);

const REASONS: &str = "You may ask for it at any time, and you did.";

/// A service with a contractor and two officers.
pub struct Scene {
    pub server: Server,
    pub owner: Member,
    pub first: Member,
    pub second: Member,
}

impl Scene {
    pub async fn new() -> Self {
        Self::on(Server::start().await).await
    }

    pub async fn on(server: Server) -> Self {
        let owner = server.person(&["contractor"], "owner@example.org").await;
        let first = server.person(&["legal"], "first@example.org").await;
        let second = server.person(&["legal"], "second@example.org").await;
        Self { server, owner, first, second }
    }

    pub async fn withdraw(&self, submission: Uuid) {
        let policies = self.server.service.policies();
        let payload = withdrawal(policies.clauses(), submission, Scope::Everything).to_bytes();
        let draft = crate::support::Draft::new(&self.owner, submission, payload, self.server.now());
        self.server.send(&draft, &self.owner).await.status(201);
    }

    /// Withdraws; answers with the case that the service opened for it.
    pub async fn withdrawn(&self, work: &Work) -> Uuid {
        self.withdraw(work.id).await;
        let line = work.id.to_string();
        self.until("a case is opened", async || {
            for case in self.cases().await {
                let shown = self.server.case(&self.first, case).await;
                let concerned = shown["concerned"].as_array().unwrap();
                if concerned.iter().any(|it| *it == line.as_str())
                    && shown["case"]["state"] == "acknowledged"
                {
                    return Some(case);
                }
            }
            None
        })
        .await
    }

    pub async fn cases(&self) -> Vec<Uuid> {
        let listed = self.server.get("/api/v1/cases").by(&self.first).send().await;
        let listed = listed.status(200).json();
        let ids = listed.as_array().unwrap().iter();
        ids.map(|case| case["id"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Waits for what the service does by itself.
    pub async fn until<T>(&self, what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + DONE_WITHIN;
        loop {
            if let Some(found) = found().await {
                return found;
            }
            assert!(Instant::now() < deadline, "not in time: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn state(&self, case: Uuid) -> String {
        let shown = self.server.case(&self.first, case).await;
        shown["case"]["state"].as_str().unwrap().to_owned()
    }

    pub async fn reaches(&self, case: Uuid, state: &str) -> Value {
        self.until(state, async || {
            let shown = self.server.case(&self.first, case).await;
            (shown["case"]["state"] == state).then_some(shown)
        })
        .await
    }

    /// Locks what the case concerns.
    pub async fn locked(&self, case: Uuid) {
        let (server, first) = (&self.server, &self.first);
        server.step(first, case, &Step::new("triaged", "content-identified")).await;
        server.step(first, case, &Step::new("quarantined", "content-locked")).await;
    }

    /// Locks and decides.
    pub async fn upheld(&self, case: Uuid) {
        self.locked(case).await;
        let (server, first) = (&self.server, &self.first);
        server.step(first, case, &Step::new("reviewing", "review-begun")).await;
        let step = Step::new("upheld", "consent-withdrawn").because(REASONS);
        server.step(first, case, &step).await;
    }

    pub async fn approved(&self, case: Uuid) {
        let shown = self.server.case(&self.second, case).await;
        let draft = case_approval(&self.server, &self.second, &shown);
        self.server.send(&draft, &self.second).await.status(201);
    }

    /// Opens a case for somebody who objects to the work, decides and agrees.
    pub async fn objected(&self, work: &Work) -> Uuid {
        self.objected_to(&[work.id.to_string()]).await
    }

    /// The same about these lines of a list.
    pub async fn objected_to(&self, lines: &[String]) -> Uuid {
        let (server, first) = (&self.server, &self.first);
        let received = serde_json::json!({ "ground": "gdpr-erasure", "received": "A letter." });
        let opened = server.post("/api/v1/cases").json(&received).by(first).send().await;
        let case = opened.status(201).json()["case"].as_str().unwrap().parse().unwrap();
        self.reaches(case, "acknowledged").await;
        let list = server.case_list(first, case, lines).await;
        let step = Step::new("triaged", "content-identified").concerns(list);
        server.step(first, case, &step).await;
        server.step(first, case, &Step::new("quarantined", "content-locked")).await;
        server.step(first, case, &Step::new("reviewing", "review-begun")).await;
        let step = Step::new("upheld", "erasure-due").because("It is about them.");
        server.step(first, case, &step).await;
        self.approved(case).await;
        server.step(first, case, &Step::new("remediating", "erasure-approved")).await;
        case
    }

    /// Decides, agrees, and waits until everything is destroyed.
    pub async fn erased(&self, case: Uuid) -> Value {
        self.upheld(case).await;
        self.approved(case).await;
        self.server.step(&self.first, case, &Step::new("remediating", "erasure-approved")).await;
        self.reaches(case, "closed").await
    }
}
