//! Files on their way in: whole, in parts, broken off, resumed, many at once.

use std::time::Duration;

use attestry_proof::hash::Hash;
use coset::cbor::Value;
use reqwest::Method;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use uuid::Uuid;

use crate::support::{Answer, Call, Member, Refusal, Server, Token, cbor, random};

const OFFSET: Refusal = (409, "upload-offset", "Upload offset does not match");
const DIGEST: Refusal = (400, "digest-mismatch", "Digest does not match");
const TOO_LARGE: Refusal = (413, "too-large", "Too large");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const SIZE: Refusal = (409, "size-differs", "File size differs");
const NOT_FOUND: Refusal = (404, "not-found", "No such upload");
const FILE_BYTES_MAX: u64 = 64 << 30;

struct Scene {
    server: Server,
    member: Member,
    submission: Uuid,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let member = server.contractor().await;
        let submission = server.submission(&member).await;
        Self { server, member, submission }
    }

    fn path(&self, file: Hash) -> String {
        format!("/api/v1/submissions/{}/files/{file}", self.submission)
    }

    fn put(&self, file: Hash, content: &[u8]) -> Call<'_> {
        self.server.put(self.path(file)).body(content).by(&self.member)
    }

    fn patch(&self, file: Hash, offset: u64, part: &[u8], last: bool) -> Call<'_> {
        Call::new(&self.server, Method::PATCH, self.path(file))
            .header("content-type", "application/partial-upload")
            .header("upload-offset", offset)
            .header("upload-complete", if last { "?1" } else { "?0" })
            .body(part)
            .by(&self.member)
    }

    async fn state(&self, file: Hash) -> Answer {
        Call::new(&self.server, Method::HEAD, self.path(file)).by(&self.member).send().await
    }

    /// Offset and whether it is complete.
    async fn offset(&self, file: Hash) -> (u64, bool) {
        let answer = self.state(file).await.status(204);
        let offset = answer.header("upload-offset").parse().unwrap();
        (offset, answer.header("upload-complete") == "?1")
    }

    async fn is_stored(&self, file: Hash) -> bool {
        let vault = self.server.service.vault();
        !vault.stored(self.submission, &[file]).await.unwrap().is_empty()
    }

    async fn content(&self, file: Hash) -> Vec<u8> {
        self.server.get(self.path(file)).by(&self.member).send().await.status(200).body
    }
}

fn file(bytes: usize) -> (Hash, Vec<u8>) {
    let seed: [u8; 32] = random();
    let content: Vec<u8> = seed.iter().copied().cycle().take(bytes).collect();
    (Hash::of(&content), content)
}

#[tokio::test]
async fn a_file_is_put_whole_and_read_back() {
    let scene = Scene::new().await;
    for size in [0, 1, 65_536, 65_537, 300_000] {
        let (name, content) = file(size);
        let answer = scene.put(name, &content).send().await.status(201);
        assert_eq!(answer.header("upload-offset"), size.to_string());
        assert_eq!(answer.header("upload-complete"), "?1");
        assert_eq!(scene.content(name).await, content);
        assert_eq!(scene.offset(name).await, (size as u64, true));
    }
}

#[tokio::test]
async fn a_file_that_is_stored_is_not_read_again() {
    let scene = Scene::new().await;
    let (name, content) = file(100_000);
    scene.put(name, &content).send().await.status(201);
    // The body is wrong, but nobody looks at it; and no body at all is enough.
    let answer = scene.put(name, &vec![0; 100_000]).send().await.status(201);
    assert_eq!(answer.header("upload-complete"), "?1");
    let answer = scene.patch(name, 100_000, b"", true).header("upload-length", 100_000);
    answer.send().await.status(201);
    assert_eq!(scene.content(name).await, content);
    scene.put(name, b"short").send().await.refused(SIZE);
}

#[tokio::test]
async fn a_file_in_parts_continues_where_it_stopped() {
    let scene = Scene::new().await;
    let (name, content) = file(250_000);
    assert_eq!(scene.state(name).await.status, 404);
    let first = scene.patch(name, 0, &content[..100_000], false);
    let answer = first.header("upload-length", 250_000).send().await.status(204);
    assert_eq!(answer.header("upload-offset"), "100000");
    assert_eq!(answer.header("upload-complete"), "?0");
    assert_eq!(answer.header("upload-length"), "250000");
    assert_eq!(scene.offset(name).await, (100_000, false));

    for wrong in [0, 99_999, 100_001, 250_000] {
        let problem = scene.patch(name, wrong, b"x", false).send().await.refused(OFFSET);
        assert!(problem["detail"].as_str().unwrap().contains("100000"), "{problem}");
    }
    let early = scene.patch(name, 100_000, b"", true).header("upload-length", 250_000);
    early.send().await.refused((400, "incomplete", "Bytes missing"));
    assert_eq!(scene.offset(name).await, (100_000, false));
    let longer = scene.patch(name, 100_000, b"x", false).header("upload-length", 250_001);
    longer.send().await.refused(SIZE);
    assert!(!scene.is_stored(name).await);

    scene.patch(name, 100_000, &content[100_000..200_000], false).send().await.status(204);
    scene.patch(name, 200_000, &content[200_000..], true).send().await.status(201);
    assert_eq!(scene.content(name).await, content);
}

#[tokio::test]
async fn bytes_that_are_not_the_file_are_discarded() {
    let scene = Scene::new().await;
    let (name, content) = file(90_000);
    let (_, wrong) = file(90_000);
    scene.put(name, &wrong).send().await.refused(DIGEST);
    assert!(!scene.is_stored(name).await);
    assert_eq!(scene.state(name).await.status, 404, "the upload is gone");

    // The same when the bytes differ from the digest that came with them.
    let part = scene.patch(name, 0, &content[..50_000], false).header("upload-length", 90_000);
    part.header("content-digest", "sha-256=:AAAA:").send().await.status(204);
    let url = format!("{}{}", scene.server.url, scene.path(name));
    let token = Token::new(&scene.member, "PATCH", &url, b"something else").signed(&scene.member);
    scene.patch(name, 50_000, &content[50_000..], true).token(token).send().await.refused(DIGEST);
    assert_eq!(scene.state(name).await.status, 404);
    scene.put(name, &content).send().await.status(201);
    assert_eq!(scene.content(name).await, content);
}

#[tokio::test]
async fn more_bytes_than_announced_are_not_taken() {
    let scene = Scene::new().await;
    let (name, content) = file(1000);
    let call = scene.patch(name, 0, &content, true).header("upload-length", 999);
    call.send().await.refused((400, "past-end", "More bytes than announced"));
    assert!(!scene.is_stored(name).await);
    let (name, _) = file(10);
    let call = scene.patch(name, 0, b"x", false).header("upload-length", FILE_BYTES_MAX + 1);
    let problem = call.send().await.refused(TOO_LARGE);
    assert!(problem["detail"].as_str().unwrap().contains(&FILE_BYTES_MAX.to_string()), "{problem}");
    assert_eq!(scene.state(name).await.status, 404);
}

#[tokio::test]
async fn a_part_says_what_it_is() {
    let scene = Scene::new().await;
    let (name, content) = file(10);
    let call = || Call::new(&scene.server, Method::PATCH, scene.path(name)).by(&scene.member);
    let kind = ("content-type", "application/partial-upload");
    let wrong = call().header("content-type", "text/plain").body(&content[..]).send().await;
    wrong.refused((415, "content-type", "Unsupported content type"));
    let call = || call().header(kind.0, kind.1).body(&content[..]);
    call().header("upload-complete", "?1").send().await.refused(MALFORMED);
    call().header("upload-offset", 0).send().await.refused(MALFORMED);
    for (name, value) in [("upload-offset", "-1"), ("upload-offset", "1e3")] {
        let call = call().header(name, value).header("upload-complete", "?1");
        call.send().await.refused(MALFORMED);
    }
    let call = call().header("upload-offset", 0).header("upload-complete", "true");
    call.send().await.refused(MALFORMED);
    scene.patch(name, 0, &content, false).send().await.refused(NOT_FOUND);
    assert_eq!(scene.state(name).await.status, 404);
    for path in ["x", &"G".repeat(64), &Hash::of(b"").to_hex().to_uppercase()] {
        let path = format!("/api/v1/submissions/{}/files/{path}", scene.submission);
        scene.server.put(path).body("x").by(&scene.member).send().await.refused(MALFORMED);
    }
}

#[tokio::test]
async fn what_came_before_the_connection_broke_is_kept() {
    let scene = Scene::new().await;
    let (name, content) = file(3_000_000);
    let url = format!("{}{}", scene.server.url, scene.path(name));
    let token = Token::new(&scene.member, "PUT", &url, b"").signed(&scene.member);
    let host = scene.server.url.strip_prefix("http://").unwrap();
    let head = format!(
        "PUT {} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n",
        scene.path(name),
        content.len()
    );
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&content[..1_234_567]).await.unwrap();
    socket.flush().await.unwrap();
    socket.shutdown().await.unwrap();
    drop(socket);

    let offset = settled(&scene, name).await;
    assert!(offset > 0, "something was kept");
    assert!(!scene.is_stored(name).await);
    let rest = usize::try_from(offset).unwrap();
    scene.patch(name, offset, &content[rest..], true).send().await.status(201);
    assert_eq!(scene.content(name).await, content);
}

/// The offset once the service has noticed that nobody sends any more.
async fn settled(scene: &Scene, name: Hash) -> u64 {
    let mut last = 0;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let answer = scene.state(name).await;
        if answer.status == 204 {
            let offset: u64 = answer.header("upload-offset").parse().unwrap();
            if offset > 0 && offset == last {
                return offset;
            }
            last = offset;
        }
    }
    last
}

fn sequence(files: &[(Hash, Vec<u8>)]) -> Vec<u8> {
    let item = |bytes: &[u8]| cbor(&Value::Bytes(bytes.to_vec()));
    files.iter().flat_map(|(name, bytes)| [item(name.as_bytes()), item(bytes)].concat()).collect()
}

#[tokio::test]
async fn many_files_come_in_one_body_or_not_at_all() {
    let scene = Scene::new().await;
    let path = format!("/api/v1/submissions/{}/files", scene.submission);
    let send = |body: Vec<u8>| {
        let call = scene.server.post(path.clone()).header("content-type", "application/cbor-seq");
        call.body(body).by(&scene.member).send()
    };
    let mut files: Vec<_> = (0..40).map(|number| file(number * 50)).collect();
    let names: Vec<Hash> = files.iter().map(|(name, _)| *name).collect();
    let stored = async || scene.server.service.vault().stored(scene.submission, &names).await;

    let good = files[30].1.clone();
    files[30].1[7] ^= 1;
    send(sequence(&files)).await.refused(DIGEST);
    assert!(stored().await.unwrap().is_empty(), "nothing of that batch");
    files[30].1 = good;
    let mut cut = sequence(&files);
    cut.pop();
    send(cut).await.refused(MALFORMED);
    assert!(stored().await.unwrap().is_empty());
    let (name, content) = file(65_537);
    send(sequence(&[(name, content)])).await.refused(TOO_LARGE);

    let answer = send(sequence(&files)).await.status(200).json();
    assert_eq!((&answer["files"], &answer["new"]), (&40.into(), &40.into()));
    let answer = send(sequence(&files)).await.status(200).json();
    assert_eq!((&answer["files"], &answer["new"]), (&40.into(), &0.into()));
    for (name, content) in &files {
        assert_eq!(&scene.content(*name).await, content);
    }
    let many = vec![(Hash::of(b""), vec![]); 4097];
    send(sequence(&many)).await.refused(MALFORMED);
    let huge = vec![0; (8 << 20) + 4096 * 64 + 1];
    send(huge).await.refused(TOO_LARGE);
}
