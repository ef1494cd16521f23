//! What depends on the time: a service put together by hand, with a clock that the test moves.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use attestry::{
    assets,
    clock::Clock,
    config::Storage,
    entropy::{Entropy, OsEntropy},
    http::{self, AppState, EntriesAccess, server::Listener},
    keys::LogSigners,
    log::{Open, guard::FileGuard},
    service::{
        Service,
        genesis::genesis,
        policies::Policies,
        register::{ISSUED_AT_AGE_MAX_S, ISSUED_AT_AHEAD_MAX_S},
    },
    store::sqlite::{files::SqliteFiles, keyring::SqliteKeyring, ledger::SqliteLedger},
    vault::{FileKek, Vault, VaultParts, local_objects},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{Member, ORIGIN, Refusal, Server, Token};

const STALE: Refusal = (400, "stale-iat", "Time of issue not accepted");
const INVITATION: Refusal = (403, "invitation", "Invitation not valid");
pub const DAY: i64 = 86_400;

/// This machine's clock and so many seconds.
struct Ahead(Arc<AtomicI64>);

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

async fn service(directory: &Path, clock: Arc<dyn Clock>) -> Arc<Service> {
    let storage = Storage::new(directory.join("data"), None);
    std::fs::create_dir_all(storage.vault()).unwrap();
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let policies = assets::policies();
    let loaded = Policies::load(policies.clone()).unwrap();
    let ledger = Arc::new(SqliteLedger::open(&storage.ledger()).await.unwrap());
    let signers = LogSigners::create(&storage.log_keys(), &*entropy).unwrap();
    let first = genesis(&signers, ORIGIN, &policies, clock.now()).unwrap();
    let log = Open {
        origin: ORIGIN.to_owned(),
        ledger: Arc::clone(&ledger) as _,
        guard: Arc::new(FileGuard::open(&storage.guard, ORIGIN).unwrap()),
        signers,
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
    };
    let log = log.run(|| first).await.unwrap();
    let parts = VaultParts {
        keyring: Arc::new(SqliteKeyring::open(&storage.keyring()).await.unwrap()),
        files: Arc::new(SqliteFiles::new(ledger.writer().clone(), ledger.readers().clone())),
        kek: Arc::new(FileKek::open(&storage.key_encryption_keys(), Arc::clone(&entropy)).unwrap()),
        objects: local_objects(&storage.vault()).unwrap(),
        entropy: Arc::clone(&entropy),
    };
    let vault = Vault::open(parts).await.unwrap();
    let service = Service::new(log, ledger, vault, loaded, clock, entropy, true);
    service.register_policies().await.unwrap();
    Arc::new(service)
}

/// A service whose clock is `server.clock_ahead` ahead, with one administrator.
pub async fn start() -> Server {
    let (server, code) = unopened().await;
    server.enroll(&server.admin, &code).await;
    server.open_program("pilot").await;
    server
}

/// The same without administrator, and the code that makes one.
pub async fn unopened() -> (Server, String) {
    let directory = tempfile::tempdir().unwrap();
    let ahead = Arc::<AtomicI64>::default();
    let service = service(directory.path(), Arc::new(Ahead(Arc::clone(&ahead)))).await;
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(address, None, false).await.unwrap();
    let url = listener.base_url();
    let state = AppState {
        service: Arc::clone(&service),
        entries: EntriesAccess::Members,
        base_url: url.clone().into(),
        metrics: http::metrics::install().unwrap(),
        oidc: None,
        notices: Arc::default(),
    };
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(listener.serve(http::router(state), async { drop(stopped.await) }));
    let code = service.invite_first_admin().await.unwrap().unwrap().code;
    let mut server = Server::of(url, service, directory, stop);
    server.clock_ahead = ahead;
    (server, code)
}

pub fn wait(server: &Server, seconds: i64) {
    server.clock_ahead.fetch_add(seconds, Ordering::SeqCst);
}

#[tokio::test]
async fn a_logged_statement_keeps_its_place_when_it_is_old_and_its_key_gone() {
    let server = start().await;
    let member = server.contractor().await;
    let statement = server.draft(&member).signed(&member).encode();
    let late = server.draft(&member).signed(&member).encode();
    let index = server.register(&statement).await;
    wait(&server, ISSUED_AT_AGE_MAX_S + 60);

    let problem = server.post("/api/v1/statements").cose(&late).send().await.refused(STALE);
    assert!(problem["detail"].as_str().unwrap().contains("clock"), "{problem}");
    assert_eq!(server.register(&statement).await, index);
    let path = format!("/api/v1/keys/{}/revocation", member.thumbprint());
    let call = server.post(path).json(&json!({ "reason": "left-program" })).by(&server.admin);
    call.send().await.status(201);
    wait(&server, 400 * DAY);
    let size = server.size();
    let again = server.post("/entries").cose(&statement).send().await.status(201);
    let position = crate::receipts::verify(&server, &again.body, &statement).await;
    assert_eq!((position.index.0, position.size), (index, size));
    assert_eq!(server.size(), size);
}

#[tokio::test]
async fn the_window_for_times_of_issue_ends_where_it_says() {
    let server = start().await;
    let member = server.contractor().await;
    // A second of grace for the time that passes between here and there.
    let send = async |age: i64| {
        let draft = server.draft(&member).claim(6, server.now() - age);
        let statement = draft.signed(&member).encode();
        server.post("/api/v1/statements").cose(&statement).send().await
    };
    send(ISSUED_AT_AGE_MAX_S - 5).await.status(201);
    send(ISSUED_AT_AGE_MAX_S + 5).await.refused(STALE);
    send(-ISSUED_AT_AHEAD_MAX_S).await.status(201);
    send(-ISSUED_AT_AHEAD_MAX_S - 5).await.refused(STALE);
}

#[tokio::test]
async fn an_invitation_ends_after_a_week() {
    let server = start().await;
    let (early, late) =
        (server.invite(&["contractor"]).await, server.invite(&["contractor"]).await);
    wait(&server, 7 * DAY - 60);
    server.enroll(&Member::new(), &early).await;
    wait(&server, 120);
    let member = Member::new();
    let body = json!({ "code": late, "public_key": member.public_base64() });
    let size = server.size();
    let call = server.post("/api/v1/keys").json(&body).by(&member);
    call.send().await.refused(INVITATION);
    assert_eq!(server.size(), size);
}

#[tokio::test]
async fn a_token_is_judged_by_the_clock_of_the_service() {
    let server = start().await;
    let member = server.contractor().await;
    let url = format!("{}/api/v1/submissions", server.url);
    let token = |now| Token::at(now, &member, "GET", &url, b"").signed(&member);
    let get = async |token: String| server.get("/api/v1/submissions").token(token).send().await;
    let old = token(server.now());
    get(old.clone()).await.status(200);
    wait(&server, 119);
    // Still inside its time, and still remembered.
    get(old.clone()).await.status(401);
    wait(&server, 300);
    get(token(server.now())).await.status(200);
    // Its name is forgotten now, but it is over.
    get(old).await.status(401);
    get(token(server.now() + 30)).await.status(200);
    get(token(server.now() + 90)).await.status(401);
    get(token(server.now() - 130)).await.status(401);
}
