//! Every fault of ledger, guard and signers, persisted and not: nothing acknowledged is lost, no size has two roots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use attestry::{
    app::Application,
    assets,
    clock::{Clock as _, SystemClock},
    entropy::OsEntropy,
    keys::LogSigners,
    log::{LogError, Open, OpenError, Stopped, guard::FileGuard},
    service::{Service, ServiceError, genesis::genesis, policies::Policies},
    store::sqlite::{files::SqliteFiles, keyring::SqliteKeyring, ledger::SqliteLedger},
    vault::{FileKek, Vault, VaultParts, local_objects},
};
use attestry_proof::{
    hash::Hash,
    key::PublicKey,
    size::{LeafIndex, TreeSize},
};

use crate::{
    stores::{FaultyGuard, FaultyLedger, FaultySigner, GuardFault, LedgerFault},
    support::{Author, ORIGIN, Statement, Workshop, directory::enrol, verify_receipt},
};

/// Statements sent at once while something fails.
const AT_ONCE: usize = 8;

/// A service whose parts fail when told to.
struct Bench {
    ledger: Arc<FaultyLedger<SqliteLedger>>,
    guard: Arc<FaultyGuard<FileGuard>>,
    receipt: Arc<FaultySigner>,
    note: Arc<FaultySigner>,
    keyring: Arc<SqliteKeyring>,
    service: Arc<Service>,
}

/// The parts of a log that can fail, before it is opened.
struct Parts {
    ledger: Arc<FaultyLedger<SqliteLedger>>,
    guard: Arc<FaultyGuard<FileGuard>>,
    receipt: Arc<FaultySigner>,
    note: Arc<FaultySigner>,
}

impl Parts {
    async fn prepare(workshop: &Workshop) -> (Self, Open) {
        let storage = workshop.storage();
        let signers = LogSigners::create(&storage.log_keys(), &OsEntropy).unwrap();
        let ledger =
            Arc::new(FaultyLedger::new(SqliteLedger::open(&storage.ledger()).await.unwrap()));
        let guard = Arc::new(FaultyGuard::new(FileGuard::open(&storage.guard, ORIGIN).unwrap()));
        let receipt = Arc::new(FaultySigner::new(signers.receipt));
        let note = Arc::new(FaultySigner::new(signers.note));
        let open = Open {
            origin: ORIGIN.into(),
            ledger: Arc::clone(&ledger) as _,
            guard: Arc::clone(&guard) as _,
            signers: LogSigners {
                note: Arc::clone(&note) as _,
                receipt: Arc::clone(&receipt) as _,
                service: signers.service,
            },
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        };
        (Self { ledger, guard, receipt, note }, open)
    }
}

impl Bench {
    async fn open(workshop: &Workshop) -> Self {
        let (Parts { ledger, guard, receipt, note }, open) = Parts::prepare(workshop).await;
        let files = assets::policies();
        let first = genesis(&open.signers, ORIGIN, &files, SystemClock.now()).unwrap();
        let log = open.run(|| first).await.unwrap();
        let storage = workshop.storage();
        let keyring = Arc::new(SqliteKeyring::open(&storage.keyring()).await.unwrap());
        let pools = ledger.inner();
        let vault = Vault::open(VaultParts {
            keyring: Arc::clone(&keyring) as _,
            files: Arc::new(SqliteFiles::new(pools.writer().clone(), pools.readers().clone())),
            kek: Arc::new(
                FileKek::open(&storage.key_encryption_keys(), Arc::new(OsEntropy)).unwrap(),
            ),
            objects: local_objects(&storage.vault()).unwrap(),
            entropy: Arc::new(OsEntropy),
        });
        let policies = Policies::load(files).unwrap();
        let port = Arc::clone(&ledger) as Arc<dyn attestry::store::ledger::Ledger>;
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
        let service = Service::new(log, port, vault.await.unwrap(), policies, clock, entropy, true);
        service.register_policies().await.unwrap();
        Self { ledger, guard, receipt, note, keyring, service: Arc::new(service) }
    }

    async fn close(self) {
        let Self { ledger, keyring, service, .. } = self;
        if let Ok(service) = Arc::try_unwrap(service) {
            service.close().await;
        }
        keyring.close().await;
        ledger.inner().close().await;
    }
}

/// What a client knows, to be held against the log for ever.
struct Client {
    author: Author,
    key: PublicKey,
    acknowledged: Vec<(Statement, LeafIndex)>,
    roots: HashMap<TreeSize, Hash>,
}

impl Client {
    fn new(author: Author, key: PublicKey) -> Self {
        Self { author, key, acknowledged: Vec::new(), roots: HashMap::new() }
    }

    /// Believes a receipt if it verifies and no other root was signed for its size.
    fn accept(&mut self, statement: &Statement, receipt: &[u8], index: LeafIndex) {
        let (position, size, root) = verify_receipt(receipt, &statement.leaf, &self.key);
        assert_eq!(position, index);
        let known = *self.roots.entry(size).or_insert(root);
        assert_eq!(known, root, "two roots were signed for {size} entries");
    }

    /// Sends statements at once; keeps those that were acknowledged and answers with the refusals.
    async fn send(
        &mut self,
        service: &Arc<Service>,
        statements: Vec<Statement>,
    ) -> Vec<(Statement, ServiceError)> {
        let mut tasks = tokio::task::JoinSet::new();
        for statement in statements {
            let service = Arc::clone(service);
            tasks.spawn(async move {
                let result = service.register(&statement.bytes).await;
                (statement, result)
            });
        }
        let mut refused = Vec::new();
        for (statement, result) in tasks.join_all().await {
            match result {
                Ok(logged) => {
                    self.accept(&statement, &logged.receipt, logged.index);
                    self.acknowledged.push((statement, logged.index));
                }
                Err(error) => refused.push((statement, error)),
            }
        }
        refused
    }

    fn fresh(&self, count: usize) -> Vec<Statement> {
        (0..count).map(|_| self.author.new_effort()).collect()
    }

    /// Everything acknowledged is still where it was.
    async fn require_kept(&mut self, service: &Service) {
        let acknowledged = std::mem::take(&mut self.acknowledged);
        for (statement, index) in &acknowledged {
            let logged = service.register(&statement.bytes).await.unwrap();
            assert_eq!((logged.index, logged.appended), (*index, false));
            self.accept(statement, &logged.receipt, *index);
        }
        self.acknowledged = acknowledged;
    }
}

/// What a fault leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Nobody notices.
    AllAcknowledged,
    /// Some are refused; the log goes on.
    GoesOn,
    /// The log accepts nothing more.
    Stops,
}

async fn new_log() -> (Workshop, Client) {
    let workshop = Workshop::default();
    let (admin, contractor) = (Author::new(1), Author::new(2));
    let application = workshop.open().await.unwrap();
    enrol(application.service(), &admin, &[&contractor]).await;
    application.close().await;
    let key = workshop.receipt_key();
    (workshop, Client::new(contractor, key))
}

/// Breaks something while statements arrive, opens the log again without faults, and holds it to what was promised.
async fn survive(name: &str, break_it: impl Fn(&Bench), then: Then) {
    let (workshop, mut client) = new_log().await;
    let bench = Bench::open(&workshop).await;
    let before = client.send(&bench.service, client.fresh(5)).await;
    assert_eq!(before.len(), 0, "{name}");

    break_it(&bench);
    let refused = client.send(&bench.service, client.fresh(AT_ONCE)).await;
    assert_eq!(refused.is_empty(), then == Then::AllAcknowledged, "{name}: {refused:?}");
    let stopped = bench.service.log().stopped();
    assert_eq!(stopped.is_some(), then == Then::Stops, "{name}: {stopped:?}");
    let later = client.send(&bench.service, client.fresh(2)).await;
    assert_eq!(later.is_empty(), then != Then::Stops, "{name}: {later:?}");
    bench.close().await;

    let application = workshop.open().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    client.require_kept(application.service()).await;
    let again: Vec<Statement> =
        refused.into_iter().chain(later).map(|(statement, _)| statement).collect();
    let refused = client.send(application.service(), again).await;
    assert!(refused.is_empty(), "{name}: {refused:?}");
    client.require_kept(application.service()).await;
    application.close().await;
    let report = workshop.require_clean().await;
    // Genesis, policy, two keys, and every statement once.
    assert_eq!(report.size, 4 + 5 + AT_ONCE as u64 + 2, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_fails_loses_nothing() {
    for (fault, then) in [
        (LedgerFault::NotWritten, Then::GoesOn),
        (LedgerFault::LostBeforeCommit, Then::GoesOn),
        (LedgerFault::LostAfterCommit, Then::AllAcknowledged),
        (LedgerFault::SilentBeforeCommit, Then::Stops),
        (LedgerFault::SilentAfterCommit, Then::Stops),
    ] {
        survive(&format!("{fault:?}"), |bench| bench.ledger.fail_next(fault), then).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_fails_stops_the_log() {
    for fault in [GuardFault::BeforeWrite, GuardFault::AfterWrite] {
        survive(&format!("{fault:?}"), |bench| bench.guard.fail_next(fault), Then::Stops).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_signer_that_fails_stops_the_log() {
    survive("receipt signer", |bench| bench.receipt.set_unavailable(true), Then::Stops).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_a_row_lose_nothing() {
    let break_it = |bench: &Bench| {
        for fault in
            [LedgerFault::LostAfterCommit, LedgerFault::NotWritten, LedgerFault::LostBeforeCommit]
        {
            bench.ledger.fail_next(fault);
        }
    };
    let (workshop, mut client) = new_log().await;
    let bench = Bench::open(&workshop).await;
    for _ in 0..4 {
        break_it(&bench);
        let mut open = client.fresh(AT_ONCE);
        // A client that sends again until it has its receipt.
        while !open.is_empty() {
            let refused = client.send(&bench.service, open).await;
            open = refused.into_iter().map(|(statement, _)| statement).collect();
        }
    }
    client.require_kept(&bench.service).await;
    bench.close().await;
    assert_eq!(workshop.require_clean().await.size, 4 + 4 * AT_ONCE as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_log_says_that_it_stopped() {
    let (workshop, mut client) = new_log().await;
    let bench = Bench::open(&workshop).await;
    bench.guard.fail_next(GuardFault::BeforeWrite);
    let refused = client.send(&bench.service, client.fresh(1)).await;
    assert_eq!(refused.len(), 1);
    assert!(matches!(bench.service.log().stopped(), Some(Stopped::Guard(_))));
    let refused = client.send(&bench.service, client.fresh(1)).await;
    let stopped = ServiceError::Log(LogError::Stopped(Stopped::Guard(String::new())));
    assert_eq!(std::mem::discriminant(&refused[0].1), std::mem::discriminant(&stopped));
    assert!(refused[0].1.to_string().contains("stopped"), "{}", refused[0].1);
    bench.close().await;

    let bench = Bench::open(&workshop).await;
    bench.ledger.fail_next(LedgerFault::SilentBeforeCommit);
    client.send(&bench.service, client.fresh(1)).await;
    assert!(matches!(bench.service.log().stopped(), Some(Stopped::UnknownOutcome(_))));
    bench.close().await;
}

/// Checkpoints may lag; receipts do not need them.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_signer_that_fails_delays_checkpoints_only() {
    let (workshop, mut client) = new_log().await;
    let bench = Bench::open(&workshop).await;
    let log = bench.service.log();
    let published = log.checkpoint().head.size;
    bench.note.set_unavailable(true);
    assert!(client.send(&bench.service, client.fresh(3)).await.is_empty());
    assert_eq!(log.checkpoint().head.size, published);
    bench.note.set_unavailable(false);
    assert!(client.send(&bench.service, client.fresh(1)).await.is_empty());
    let size = log.head().size;
    let waited =
        tokio::time::timeout(Duration::from_secs(20), log.checkpoint_beyond(TreeSize(size.0 - 1)));
    assert_eq!(waited.await.unwrap().head, log.head());
    bench.close().await;
    workshop.require_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signer_that_fails_keeps_the_log_from_opening() {
    let (workshop, _) = new_log().await;
    for pick in
        [|parts: &Parts| Arc::clone(&parts.receipt), |parts: &Parts| Arc::clone(&parts.note)]
    {
        let (parts, open) = Parts::prepare(&workshop).await;
        pick(&parts).set_unavailable(true);
        let refused = open.run(Vec::new).await.err();
        assert!(matches!(refused, Some(OpenError::Sign(_))), "{refused:?}");
        parts.ledger.inner().close().await;
    }
    workshop.require_clean().await;
}

/// A crash at each step of the first batch leaves a directory that opens.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_first_batch_fails_begins_all_the_same() {
    for step in 0..4 {
        let workshop = Workshop::default();
        let (parts, open) = Parts::prepare(&workshop).await;
        match step {
            0 => parts.ledger.fail_next(LedgerFault::NotWritten),
            1 => parts.ledger.fail_next(LedgerFault::SilentAfterCommit),
            2 => parts.guard.fail_next(GuardFault::BeforeWrite),
            _ => parts.guard.fail_next(GuardFault::AfterWrite),
        }
        let first = genesis(&open.signers, ORIGIN, &assets::policies(), SystemClock.now()).unwrap();
        let refused = open.run(|| first).await;
        assert!(refused.is_err(), "step {step}");
        drop(refused);
        parts.ledger.inner().close().await;
        drop(parts);
        let application: Application =
            workshop.open().await.unwrap_or_else(|error| panic!("step {step}: {error}"));
        assert_eq!(application.service().log().head().size, TreeSize(2), "step {step}");
        application.close().await;
        workshop.require_clean().await;
    }
}
