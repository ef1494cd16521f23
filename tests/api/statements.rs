//! Statements that are not statements, or whose signature is worth nothing: each is refused at both
//! doors, JSON and SCRAPI, and leaves no trace.

use std::ops::{Add, Mul};

use attestry_proof::key::Thumbprint;
use coset::cbor::Value;
use sha2::{Digest as _, Sha512};

use crate::support::{Draft, Member, Message, Refusal, Server, cbor};

const MALFORMED: Refusal = (400, "malformed-statement", "Malformed statement");
const SIGNATURE: Refusal = (403, "signature-invalid", "Signature does not verify");
const TOO_LARGE: Refusal = (413, "too-large", "Too large");
const DIGEST: Refusal = (400, "digest-mismatch", "Digest does not match");
const ALGORITHM: Refusal = (400, "signature-algorithm", "Bad Signature Algorithm");

/// Order of the group that Ed25519 signs in, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Encoding of the neutral element, the smallest of the small-order points.
const NEUTRAL: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

struct Scene {
    server: Server,
    member: Member,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let member = server.contractor().await;
        Self { server, member }
    }

    fn draft(&self) -> Draft {
        self.server.draft(&self.member)
    }

    /// Sends the bytes to both doors; each must refuse, and nothing may be written.
    async fn refuses(&self, what: &str, bytes: &[u8], refusal: Refusal) {
        println!("{what}");
        let before = self.server.size();
        self.server.post("/api/v1/statements").cose(bytes).send().await.refused(refusal);
        let answer = self.server.post("/entries").cose(bytes).send().await;
        answer.refused_concisely(refusal.0, refusal.2);
        assert_eq!(self.server.size(), before, "{what}");
        let owner = self.member.thumbprint();
        let (ledger, from) = (self.server.service.ledger(), attestry_proof::size::LeafIndex(1000));
        assert!(ledger.submissions_of(owner, from, 10).await.unwrap().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused() {
    let scene = Scene::new().await;
    let good = scene.draft().signed(&scene.member);
    let bytes = good.encode();
    scene.refuses("nothing", b"", MALFORMED).await;
    scene.refuses("not CBOR", b"{\"statement\":1}", MALFORMED).await;
    scene.refuses("cut short", &bytes[..bytes.len() - 1], MALFORMED).await;
    scene.refuses("a byte too many", &[&bytes[..], &[0]].concat(), MALFORMED).await;
    scene.refuses("no tag", &bytes[1..], MALFORMED).await;
    scene.refuses("another tag", &Message { tag: 98, ..good.clone() }.encode(), MALFORMED).await;
    let short = Message { signature: good.signature[..63].to_vec(), ..good.clone() };
    scene.refuses("a short signature", &short.encode(), MALFORMED).await;
    let cut = Message { digest: good.digest[..31].to_vec(), ..good };
    scene.refuses("a short digest", &cut.encode(), MALFORMED).await;
}

#[tokio::test]
async fn encodings_that_are_not_deterministic_are_refused() {
    let scene = Scene::new().await;
    let draft = scene.draft();
    let mut swapped = draft.clone();
    swapped.protected.swap(0, 1);
    scene.refuses("labels out of order", &swapped.signed(&scene.member).encode(), MALFORMED).await;
    let mut twice = draft.clone();
    twice.protected.insert(1, twice.protected[0].clone());
    scene.refuses("a label twice", &twice.signed(&scene.member).encode(), MALFORMED).await;
    let mut swapped = draft.clone();
    swapped.claims.swap(0, 1);
    scene.refuses("claims out of order", &swapped.signed(&scene.member).encode(), MALFORMED).await;

    let good = draft.signed(&scene.member);
    let mut long = good.protected.clone();
    // {1: -8 …}: the algorithm in two bytes where one would do.
    assert_eq!(long[1..3], [0x01, 0x27]);
    long.splice(2..3, [0x38, 0x07]);
    let long = Message::signed(&scene.member, long, &draft.payload);
    scene.refuses("a long-form integer", &long.encode(), MALFORMED).await;

    let bytes = good.clone().bare().encode();
    let indefinite = [&[0xd2, 0x9f], &bytes[2..], &[0xff]].concat();
    scene.refuses("an indefinite array", &indefinite, MALFORMED).await;
    let mut unordered = good;
    unordered.unprotected.insert(0, (Value::from("attestry-payload-2"), Value::Null));
    scene.refuses("attachments out of order", &unordered.encode(), MALFORMED).await;
}

#[tokio::test]
async fn headers_that_say_something_else_are_refused() {
    let scene = Scene::new().await;
    let sealed = |draft: Draft| draft.signed(&scene.member).encode();
    let draft = || scene.draft();
    let other = Member::new().thumbprint().uri();
    let upper = draft().submission.to_string().to_uppercase();
    for (what, bytes, refusal) in [
        ("ES256", sealed(draft().label(1, -7)), ALGORITHM),
        ("an unassigned algorithm", sealed(draft().label(1, -65_000)), ALGORITHM),
        ("an algorithm in words", sealed(draft().label(1, "EdDSA")), MALFORMED),
        ("crit", sealed(draft().label(2, Value::Array(vec![Value::from(15)]))), MALFORMED),
        ("an empty crit", sealed(draft().label(2, Value::Array(vec![]))), MALFORMED),
        ("a content type", sealed(draft().label(3, "application/json")), MALFORMED),
        ("an unknown label", sealed(draft().label(77, 1)), MALFORMED),
        ("SHA-512", sealed(draft().label(258, -44)), MALFORMED),
        ("an unknown content type", sealed(draft().label(259, "text/plain")), MALFORMED),
        ("a key id of 31 bytes", sealed(draft().label(4, Value::Bytes(vec![1; 31]))), MALFORMED),
        ("another issuer", sealed(draft().claim(1, other)), MALFORMED),
        ("a subject in capitals", sealed(draft().claim(2, format!("urn:uuid:{upper}"))), MALFORMED),
        ("a subject of another kind", sealed(draft().claim(2, "https://a.example")), MALFORMED),
        ("an empty audience", sealed(draft().claim(3, "")), MALFORMED),
        ("a time before 1970", sealed(draft().claim(6, -1)), MALFORMED),
        ("a time with a fraction", sealed(draft().claim(6, 1.5e9)), MALFORMED),
        ("an expiry", sealed(draft().claim(4, 2_000_000_000_i64)), MALFORMED),
    ] {
        scene.refuses(what, &bytes, refusal).await;
    }
    // The same statement untouched is good, under either number of the algorithm.
    scene.server.register(&sealed(draft())).await;
    scene.server.register(&sealed(draft().label(1, -19))).await;
}

#[tokio::test]
async fn signatures_that_bind_nothing_are_refused() {
    let scene = Scene::new().await;
    let good = scene.draft().signed(&scene.member);
    let mut flipped = good.clone();
    flipped.signature[3] ^= 1;
    scene.refuses("a flipped bit", &flipped.encode(), SIGNATURE).await;
    let stranger = Member::new();
    let other = scene.draft().signed(&stranger);
    scene.refuses("another key", &other.encode(), SIGNATURE).await;
    let mut beyond = good.clone();
    add_order(&mut beyond.signature[32..]);
    scene.refuses("S beyond the order", &beyond.encode(), SIGNATURE).await;
    let mut neutral = good.clone();
    neutral.signature = small_order_signature(&scene.member, &good.to_be_signed());
    scene.refuses("R of small order", &neutral.encode(), SIGNATURE).await;
    let zero = Message { signature: [NEUTRAL, [0; 32]].concat(), ..good.clone() };
    scene.refuses("R neutral, S zero", &zero.encode(), SIGNATURE).await;
    scene.server.register(&good.encode()).await;
}

/// S + L: the same number modulo the order, another encoding.
fn add_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S + L has 32 bytes");
}

/// R neutral and S = k·a: it satisfies S·B = R + k·A, so only the strict rules refuse it.
fn small_order_signature(member: &Member, message: &[u8]) -> Vec<u8> {
    let challenge = Sha512::new()
        .chain_update(NEUTRAL)
        .chain_update(member.public.as_bytes())
        .chain_update(message)
        .finalize();
    let secret = member.secret.to_scalar();
    let signature = [NEUTRAL, (reduce(&challenge, secret) * secret).to_bytes()].concat();
    let lax = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    let verified = ed25519_dalek::Verifier::verify(&member.secret.verifying_key(), message, &lax);
    assert!(verified.is_ok(), "the crafted signature satisfies the equation");
    signature
}

/// A little-endian number modulo the order, in the type of `like`.
fn reduce<T: Copy + From<u64> + Add<Output = T> + Mul<Output = T>>(bytes: &[u8], like: T) -> T {
    let _ = like;
    let word = T::from(1 << 32) * T::from(1 << 32);
    bytes.rchunks(8).fold(T::from(0), |sum, chunk| {
        sum * word + T::from(u64::from_le_bytes(chunk.try_into().unwrap()))
    })
}

#[tokio::test]
async fn a_key_of_small_order_is_nobody() {
    let scene = Scene::new().await;
    // The thumbprint of the neutral point as a COSE key (RFC 9679 §4.1).
    let key = cbor(&Value::Map(vec![
        (Value::from(1), Value::from(1)),
        (Value::from(-1), Value::from(6)),
        (Value::from(-2), Value::Bytes(NEUTRAL.to_vec())),
    ]));
    let kid = Thumbprint(attestry_proof::hash::Hash::of(&key));
    let draft = scene.draft().label(4, Value::Bytes(kid.0.0.to_vec())).claim(1, kid.uri());
    let mut message = draft.signed(&scene.member);
    message.signature = [NEUTRAL, [0; 32]].concat();
    scene.refuses("unknown", &message.encode(), (403, "unknown-key", "Key not enrolled")).await;
    message.unprotected.insert(0, (Value::from("attestry-key"), Value::Bytes(key)));
    scene.refuses("brought along", &message.encode(), MALFORMED).await;
}

#[tokio::test]
async fn oversize_is_refused_before_it_is_decoded() {
    let scene = Scene::new().await;
    let mut message = scene.draft().signed(&scene.member);
    message.unprotected.push((Value::from("attestry-zzzzzzz"), Value::Bytes(vec![0; 256 << 10])));
    scene.refuses("256 KiB with attachments", &message.encode(), TOO_LARGE).await;
    let mut draft = scene.draft();
    draft.payload = vec![b' '; (64 << 10) + 1];
    scene.refuses("a payload of 64 KiB", &draft.signed(&scene.member).encode(), TOO_LARGE).await;
    // Beyond what is read into memory at all.
    let huge = vec![0xd2; (1 << 20) + 1];
    let answer = scene.server.post("/entries").cose(&huge).send().await;
    answer.refused_concisely(413, "Too large");
    let huge = vec![0xd2; (16 << 20) + 1];
    scene.server.post("/api/v1/statements").cose(&huge).send().await.refused(TOO_LARGE);
}

#[tokio::test]
async fn a_payload_that_was_not_signed_is_refused() {
    let scene = Scene::new().await;
    let good = scene.draft().signed(&scene.member);
    let mut other = good.clone();
    other.unprotected[0].1 = Value::Bytes(b"{}".to_vec());
    scene.refuses("another payload", &other.encode(), DIGEST).await;
    let missing = (400, "payload-missing", "Payload Missing");
    scene.refuses("no payload", &good.clone().bare().encode(), missing).await;
    scene.server.register(&good.encode()).await;
}
