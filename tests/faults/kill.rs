//! `kill -9` in the middle of registrations, again and again on one directory.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use attestry::{cli::client::Client, keys::Signer as _};
use attestry_proof::{
    hash::Hash,
    key::PublicKey,
    log::{checkpoint::SignedCheckpoint, note::VerifierKey, tree::verify_consistency},
    size::TreeSize,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::{
    Author, Numbers, ServiceProcess, Statement, Workshop, process, verify_receipt,
};

/// Times that the service is killed.
const KILLS: u64 = 20;
/// Connections that send at once.
const CONNECTIONS: usize = 4;
/// Longest time until the kill.
const RUN_MS_MAX: u64 = 400;

/// Longest time until a start is interrupted.
const START_MS_MAX: u64 = 150;

/// A statement that the service acknowledged.
#[derive(Clone)]
struct Acknowledged {
    statement: Arc<Statement>,
    index: u64,
    receipt: Vec<u8>,
}

/// What clients know, over all lives of the service.
struct Witness {
    receipt_key: PublicKey,
    log_key: VerifierKey,
    roots: HashMap<TreeSize, Hash>,
    /// Newest checkpoint seen.
    seen: Option<(TreeSize, Hash)>,
    acknowledged: Vec<Acknowledged>,
}

impl Witness {
    /// The receipt verifies, for the position it came with, under a root that is the only one of its size.
    fn believe(&mut self, acknowledged: &Acknowledged) {
        let Acknowledged { statement, index, receipt } = acknowledged;
        let (position, size, root) = verify_receipt(receipt, &statement.leaf, &self.receipt_key);
        assert_eq!(position.0, *index);
        self.only_root(size, root);
    }

    fn only_root(&mut self, size: TreeSize, root: Hash) {
        let known = *self.roots.entry(size).or_insert(root);
        assert_eq!(known, root, "two roots were signed for {size} entries");
    }

    /// The checkpoint served now continues the last one seen.
    async fn follow(&mut self, client: &Client) {
        let note = client.checkpoint().await.unwrap();
        let checkpoint = SignedCheckpoint::parse(&note).unwrap();
        checkpoint.verify_log_key(&self.log_key).unwrap();
        let (size, root) = (checkpoint.checkpoint().size(), checkpoint.checkpoint().root());
        self.only_root(size, root);
        if let Some((old_size, old_root)) = self.seen {
            assert!(old_size <= size, "the checkpoint went back from {old_size} to {size}");
            let path = client.consistency(old_size.0, size.0).await.unwrap();
            verify_consistency(old_size, &old_root, size, &root, &path).unwrap();
        }
        self.seen = Some((size, root));
    }

    /// Sends again what was acknowledged, and requires the same position.
    async fn require_kept(&mut self, client: &Arc<Client>, acknowledged: &[Acknowledged]) {
        let (again, lost) =
            send_all(client, acknowledged.iter().map(|one| Arc::clone(&one.statement))).await;
        assert_eq!(lost, 0);
        let by_leaf: HashMap<Hash, &Acknowledged> =
            again.iter().map(|one| (one.statement.leaf, one)).collect();
        for before in acknowledged {
            let after = by_leaf[&before.statement.leaf];
            assert_eq!(after.index, before.index, "an acknowledged statement moved");
            self.believe(after);
        }
    }
}

async fn register(client: &Client, statement: Arc<Statement>) -> Option<Acknowledged> {
    let registered = client.register(statement.bytes.clone()).await.ok()?;
    let receipt = STANDARD.decode(&registered.receipt).unwrap();
    Some(Acknowledged { statement, index: registered.index, receipt })
}

/// Sends statements over several connections; answers with those acknowledged, and how many were not.
async fn send_all(
    client: &Arc<Client>,
    statements: impl Iterator<Item = Arc<Statement>>,
) -> (Vec<Acknowledged>, usize) {
    use futures_util::{StreamExt as _, stream};
    let sending = stream::iter(statements).map(|statement| {
        let client = Arc::clone(client);
        async move { tokio::spawn(async move { register(&client, statement).await }).await.unwrap() }
    });
    let results: Vec<Option<Acknowledged>> =
        sending.buffer_unordered(2 * CONNECTIONS).collect().await;
    let lost = results.iter().filter(|result| result.is_none()).count();
    (results.into_iter().flatten().collect(), lost)
}

/// Sends new statements until the service is gone. The last one of each connection may be logged or not.
async fn hammer(
    client: Arc<Client>,
    author: Arc<Author>,
    killed: Arc<AtomicBool>,
) -> (Vec<Acknowledged>, Arc<Statement>) {
    let mut acknowledged = Vec::new();
    loop {
        let statement = Arc::new(author.new_effort());
        match register(&client, Arc::clone(&statement)).await {
            Some(one) => acknowledged.push(one),
            None => {
                assert!(
                    killed.load(Ordering::SeqCst),
                    "a statement was refused while the service ran"
                );
                return (acknowledged, statement);
            }
        }
    }
}

async fn enrol(service: &ServiceProcess, contractor: &Author) {
    let link = service.admin_link.as_deref().expect("a new log invites its administrator");
    let code = link.split_once("/enroll#").unwrap().1;
    let admin = service.client(Author::new(1).signer).await;
    admin.enroll(code).await.unwrap();
    let invited = admin.invite(&["contractor".into()], "main", None).await.unwrap();
    let member = service.client(contractor.signer(2)).await;
    let enrolled = member.enroll(&invited.code).await.unwrap();
    assert_eq!(enrolled.key.thumbprint, contractor.signer.public_key().thumbprint().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_service_loses_nothing_acknowledged() {
    let workshop = Workshop::default();
    let storage = workshop.storage();
    let contractor = Arc::new(Author::new(2));
    let mut service = ServiceProcess::start(&storage).await.unwrap();
    enrol(&service, &contractor).await;
    let about = Client::new(&service.url).unwrap().about().await.unwrap();
    let mut witness = Witness {
        receipt_key: workshop.receipt_key(),
        log_key: VerifierKey::parse(&about.note_vkey).unwrap(),
        roots: HashMap::new(),
        seen: None,
        acknowledged: Vec::new(),
    };
    let mut numbers = Numbers(20);
    for round in 0..KILLS {
        let client = Arc::new(Client::new(&service.url).unwrap());
        witness.follow(&client).await;
        let killed = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                tokio::spawn(hammer(
                    Arc::clone(&client),
                    Arc::clone(&contractor),
                    Arc::clone(&killed),
                ))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(numbers.below(RUN_MS_MAX))).await;
        witness.follow(&client).await;
        killed.store(true, Ordering::SeqCst);
        service.kill().await;
        let mut acknowledged = Vec::new();
        let mut uncertain = Vec::new();
        for sender in senders {
            let (mine, last) = sender.await.unwrap();
            acknowledged.extend(mine);
            uncertain.push(last);
        }

        // A check sees what a killed process left, before anything recovers from it.
        if round.is_multiple_of(5) {
            workshop.require_clean().await;
        }
        // Recovery is interrupted as well, now and then.
        if numbers.below(3) == 0 {
            let soon = Duration::from_millis(numbers.below(START_MS_MAX));
            ServiceProcess::interrupt_start(&storage, soon).await;
        }
        service = ServiceProcess::start(&storage).await.unwrap();
        let client = Arc::new(Client::new(&service.url).unwrap());
        witness.follow(&client).await;
        acknowledged.iter().for_each(|one| witness.believe(one));
        witness.require_kept(&client, &acknowledged).await;
        let (settled, lost) = send_all(&client, uncertain.into_iter()).await;
        assert_eq!(lost, 0);
        settled.iter().for_each(|one| witness.believe(one));
        witness.acknowledged.extend(acknowledged);
        witness.acknowledged.extend(settled);
    }
    finish(&workshop, service, witness).await;
}

/// Everything that was ever acknowledged, once more; then the directory itself.
async fn finish(workshop: &Workshop, service: ServiceProcess, mut witness: Witness) {
    let client = Arc::new(Client::new(&service.url).unwrap());
    let all = std::mem::take(&mut witness.acknowledged);
    witness.require_kept(&client, &all).await;
    witness.follow(&client).await;
    let about = client.about().await.unwrap();
    assert!(service.stop().await.success());

    let positions: HashSet<u64> = all.iter().map(|one| one.index).collect();
    assert_eq!(positions.len(), all.len(), "two statements share a position");
    // Genesis, policy and two keys came before.
    assert_eq!(about.size, all.len() as u64 + 4, "something is logged that nobody sent");
    assert!(all.len() as u64 > KILLS, "hardly anything was sent");
    let (status, report) = process::run(&["--json", "fsck", "--files"], &workshop.storage()).await;
    assert_eq!((status.code(), &report["clean"]), (Some(0), &true.into()), "{report}");
    assert_eq!(report["checked"]["signatures"], about.size);
}
