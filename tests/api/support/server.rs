//! A service of its own for each test, on loopback, gone when the test ends.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use attestry::{
    app::{Application, fsck::fsck as check},
    config::{Identity, Listen, Storage},
    http::{EntriesAccess, oidc::settings::OidcSettings},
    service::Service,
};
use attestry_proof::size::TreeSize;
use chrono::Utc;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Call, Draft, Member, effort, new_id};

/// The log's name in every test.
pub const ORIGIN: &str = "log.test/attestry";

/// Longest wait for any answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub url: String,
    pub admin: Member,
    pub service: Arc<Service>,
    pub http: reqwest::Client,
    pub directory: TempDir,
    /// Seconds that the service's clock is ahead of this machine's, in tests that move it.
    pub clock_ahead: Arc<std::sync::atomic::AtomicI64>,
    pub _stop: oneshot::Sender<()>,
}

impl Server {
    /// A new log with one administrator, whose entry bundles are for members.
    pub async fn start() -> Self {
        Self::with_entries(EntriesAccess::Members).await
    }

    pub async fn with_entries(entries: EntriesAccess) -> Self {
        Self::with(entries, None).await
    }

    /// The same with an identity provider.
    pub async fn with_oidc(settings: OidcSettings) -> Self {
        Self::with(EntriesAccess::Members, Some(settings)).await
    }

    async fn with(entries: EntriesAccess, oidc: Option<OidcSettings>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let application = open(directory.path(), entries).await;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listen =
            Listen { address, tls: None, trusted_proxy: false, public_url: None, oidc, mail: None };
        let listening = application.listen(&listen).await.unwrap();
        let (invited, _) = listening.first_invitation().await.unwrap().unwrap();
        let url = listening.base_url().to_owned();
        let service = Arc::clone(listening.service());
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(listening.serve(async { drop(stopped.await) }));
        let server = Self::of(url, service, directory, stop);
        server.enroll(&server.admin, &invited.code).await;
        server.open_program("pilot").await;
        server
    }

    /// A server whose administrator is not enrolled yet.
    pub fn of(
        url: String,
        service: Arc<Service>,
        directory: TempDir,
        stop: oneshot::Sender<()>,
    ) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let (admin, clock_ahead) = (Member::new(), Arc::default());
        Self { url, admin, service, http, directory, clock_ahead, _stop: stop }
    }

    /// The service's time, Unix seconds.
    pub fn now(&self) -> i64 {
        Utc::now().timestamp() + self.clock_ahead.load(std::sync::atomic::Ordering::SeqCst)
    }

    pub fn get(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::GET, path)
    }

    pub fn post(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::POST, path)
    }

    pub fn put(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::PUT, path)
    }

    /// Entries acknowledged.
    pub fn size(&self) -> TreeSize {
        self.service.log().head().size
    }

    pub async fn enroll(&self, member: &Member, code: &str) {
        let body = json!({ "code": code, "public_key": member.public_base64() });
        self.post("/api/v1/keys").json(&body).by(member).send().await.status(201);
    }

    /// Opens a program in which people review instead of a scan.
    pub async fn open_program(&self, name: &str) {
        let body = json!({ "name": name, "clearance_policy": "reviewed" });
        self.post("/api/v1/programs").json(&body).by(&self.admin).send().await.status(201);
    }

    pub async fn invite(&self, roles: &[&str]) -> String {
        let body = json!({ "roles": roles, "program": "pilot" });
        let call = self.post("/api/v1/invitations").json(&body).by(&self.admin);
        call.send().await.status(201).json()["code"].as_str().unwrap().to_owned()
    }

    /// A new member with these roles.
    pub async fn member(&self, roles: &[&str]) -> Member {
        let member = Member::new();
        self.enroll(&member, &self.invite(roles).await).await;
        member
    }

    pub async fn contractor(&self) -> Member {
        self.member(&["contractor"]).await
    }

    /// A good statement about a new submission, not yet sent.
    pub fn draft(&self, member: &Member) -> Draft {
        self.draft_about(member, new_id())
    }

    pub fn draft_about(&self, member: &Member, submission: Uuid) -> Draft {
        let payload = effort(self.service.policies().clauses(), submission).to_bytes();
        Draft::new(member, submission, payload, self.now())
    }

    /// Registers a statement that must be accepted; answers with its position.
    pub async fn register(&self, statement: &[u8]) -> u64 {
        let call = self.post("/api/v1/statements").cose(statement);
        call.send().await.status(201).json()["index"].as_u64().unwrap()
    }

    /// A submission of this member that the log knows.
    pub async fn submission(&self, member: &Member) -> Uuid {
        let draft = self.draft(member);
        self.register(&draft.signed(member).encode()).await;
        draft.submission
    }

    pub async fn is_submission(&self, id: Uuid) -> bool {
        self.service.ledger().submission(id).await.unwrap().is_some()
    }
}

async fn open(directory: &Path, entries: EntriesAccess) -> Application {
    let storage = Storage::new(directory.join("data"), None);
    let identity =
        Identity { origin: Some(ORIGIN.to_owned()), entries, policies: None, scan: false };
    Application::open(&storage, identity).await.unwrap()
}

/// Stops the service, checks everything it wrote, and requires that nothing is wrong.
pub async fn fsck(server: Server) {
    let directory = stopped(server).await;
    let found = findings(&Storage::new(directory.path().join("data"), None)).await;
    assert!(found.is_empty(), "fsck finds:\n{}", found.join("\n"));
}

/// What is wrong in a directory that no service uses, a line each.
pub async fn findings(storage: &Storage) -> Vec<String> {
    let report = check(storage, true, &|_| {}).await.unwrap();
    report.findings.kept().iter().map(ToString::to_string).collect()
}

/// Stops the service and waits until its directory is free.
pub async fn stopped(server: Server) -> tempfile::TempDir {
    let Server { directory, service, _stop: stop, .. } = server;
    drop((service, stop));
    let storage = Storage::new(directory.path().join("data"), None);
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        match check(&storage, false, &|_| {}).await {
            Ok(_) => return directory,
            // It is still finishing what it had begun.
            Err(error) if std::time::Instant::now() > deadline => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
