//! A data directory with something in every table.

use std::{fs, path::Path};

use attestry::{
    app::Application,
    assets,
    config::Identity,
    entropy::{OsEntropy, random_bytes, random_uuid},
    keys::Signer as _,
    service::Service,
    store::ledger::{Role, Roles},
};
use attestry_proof::{
    hash::Hash,
    manifest::{FileRecord, Manifest, Role as ManifestRole},
    payload::key_event::RevocationReason,
};
use bytes::Bytes;
use futures_util::stream;
use uuid::Uuid;

use crate::support::{Author, Workshop, deep, directory::enrol, identity};

/// Entries that fill one tile and leave some over; two tiles when there is time.
fn entries() -> u64 {
    if deep() { 2 * 256 + 12 } else { 256 + 12 }
}

/// The directory, and where its more special things are.
pub struct Fixture {
    pub workshop: Workshop,
    pub contractor: Author,
    /// Submission with files and manifests.
    pub with_files: Uuid,
    /// Submission that was withdrawn.
    pub withdrawn: Uuid,
    /// SHA-256 of a file in two parts.
    pub large: Hash,
    /// SHA-256 of a file in a pack.
    pub small: Hash,
    /// Number of entries.
    pub size: u64,
}

impl Fixture {
    pub async fn make() -> Self {
        let workshop = Workshop::default();
        let (admin, contractor, former) = (Author::new(1), Author::new(2), Author::new(3));
        let application = workshop.open().await.unwrap();
        let service = application.service();
        enrol(service, &admin, &[&contractor, &former]).await;
        service.register(&former.new_effort().bytes).await.unwrap();
        let administrator = service.key(admin.thumbprint()).await.unwrap();
        let reason = RevocationReason::LeftProgram;
        service.revoke(&administrator, former.thumbprint(), reason, None).await.unwrap();

        let withdrawn = random_uuid(&OsEntropy);
        service.register(&contractor.effort(withdrawn).bytes).await.unwrap();
        service.register(&contractor.withdrawal(withdrawn).bytes).await.unwrap();

        let with_files = random_uuid(&OsEntropy);
        let (small, large) = files(service, with_files, &contractor).await;
        let sent_ahead = contractor.new_effort();
        let digest = Hash::of(&sent_ahead.payload);
        let (by, payload) =
            (service.key(contractor.thumbprint()).await.unwrap(), &sent_ahead.payload);
        service.stage_payload(&by, sent_ahead.submission, digest, payload).await.unwrap();
        let arriving = Hash::of(b"still arriving");
        let vault = service.vault();
        vault.begin_upload(with_files, arriving, 100).await.unwrap();
        vault.append(with_files, arriving, 0, pieces(&[7; 40])).await.unwrap();
        // One invitation stays open.
        service.invite(&administrator, Roles::new(vec![Role::Legal]), "main", None).await.unwrap();
        application.close().await;

        adopt_another_policy(&workshop).await;
        let size = fill(&workshop, &contractor).await;
        Self { workshop, contractor, with_files, withdrawn, large, small, size }
    }
}

fn pieces(
    bytes: &[u8],
) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin + use<> {
    stream::iter([Ok(Bytes::copy_from_slice(bytes))])
}

/// Stores a large and a small file with their manifest, and states it.
async fn files(service: &Service, submission: Uuid, contractor: &Author) -> (Hash, Hash) {
    let vault = service.vault();
    let small: Vec<u8> = (0..3000_u32).map(|at| at as u8).collect();
    let large: Vec<u8> = (0..150_000_u32).map(|at| (at / 7) as u8).collect();
    let (small_digest, large_digest) = (Hash::of(&small), Hash::of(&large));
    let packed = vec![(small_digest, Bytes::from(small.clone())), (Hash::of(b""), Bytes::new())];
    vault.put_many(submission, packed).await.unwrap();
    vault.begin_upload(submission, large_digest, large.len() as u64).await.unwrap();
    for (offset, part) in [(0, &large[..100_000]), (100_000, &large[100_000..])] {
        vault.append(submission, large_digest, offset, pieces(part)).await.unwrap();
    }
    vault.complete_upload(submission, large_digest).await.unwrap();

    let record = |path: &str, bytes: &[u8]| FileRecord {
        path: path.into(),
        size: bytes.len() as u64,
        media_type: "application/octet-stream".into(),
        sha256: Hash::of(bytes),
        salt: random_bytes(&OsEntropy),
    };
    let records = vec![record("large.bin", &large), record("small.bin", &small)];
    let manifest = Manifest::new(ManifestRole::Deliverable, records).unwrap();
    let openings = manifest.to_openings();
    let digest = Hash::of(&openings);
    vault.put_many(submission, vec![(digest, openings.into())]).await.unwrap();
    let key = service.key(contractor.signer.public_key().thumbprint()).await.unwrap();
    service.record_manifest(&key, submission, manifest.commitment(), digest).await.unwrap();
    service.register(&contractor.manifest(submission, &manifest).bytes).await.unwrap();
    (small_digest, large_digest)
}

async fn adopt_another_policy(workshop: &Workshop) {
    let folder = workshop.path().join("policies");
    for (path, bytes) in assets::policies() {
        write(&folder.join(path), &bytes);
    }
    write(&folder.join("more.txt"), b"one more file");
    let identity = Identity { policies: Some(folder), ..identity() };
    let application = Application::open(&workshop.storage(), identity).await.unwrap();
    application.close().await;
    // The built-in policies come back as a third version.
    workshop.open().await.unwrap().close().await;
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

async fn fill(workshop: &Workshop, contractor: &Author) -> u64 {
    let application = workshop.open().await.unwrap();
    let service = application.service();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in service.log().head().size.0..entries() {
        let (service, statement) = (std::sync::Arc::clone(service), contractor.new_effort());
        tasks.spawn(async move { service.register(&statement.bytes).await.unwrap().index });
    }
    tasks.join_all().await;
    let size = service.log().head().size.0;
    application.close().await;
    size
}
