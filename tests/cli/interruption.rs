//! A submission that broke off in the middle, because the service died, continues with the same `--out`.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    scene::Scene,
    support::{DONE, SERVICE, names},
};

/// How a registration begins on the wire.
const REGISTRATION: &[u8] = b"POST /api/v1/statements ";

/// Hands on connections until so many registrations came through; then every connection breaks.
struct Cable {
    address: SocketAddr,
}

impl Cable {
    fn lay(to: SocketAddr, registrations: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let left = Arc::new(AtomicUsize::new(registrations));
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let Ok(server) = TcpStream::connect(to) else { break };
                let left = Arc::clone(&left);
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || carry(client, server, &left));
                thread::spawn(move || std::io::copy(&mut &back.0, &mut &back.1));
            }
        });
        Self { address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn carry(mut client: TcpStream, mut server: TcpStream, left: &AtomicUsize) {
    let mut buffer = [0; 64 << 10];
    loop {
        let Ok(read @ 1..) = client.read(&mut buffer) else { break };
        let piece = &buffer[..read];
        // The client writes each request's head in one piece.
        let begins = piece.windows(REGISTRATION.len()).any(|window| window == REGISTRATION);
        let cut = left.load(Ordering::SeqCst) == 0;
        if begins && (cut || left.fetch_sub(1, Ordering::SeqCst) == 0) {
            left.store(0, Ordering::SeqCst);
            break;
        }
        if server.write_all(piece).is_err() {
            break;
        }
    }
    let _closed = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}

#[test]
fn a_submission_continues_where_the_service_died() {
    let scene = Scene::new();
    let to: SocketAddr = scene.url().strip_prefix("http://").unwrap().parse().unwrap();
    let before = scene.entries();
    let cable = Cable::lay(to, 3);
    let broken = scene.submit(&cable.url(), "out", &["--yes"]).exits(SERVICE);
    assert!(broken.stderr.contains("cannot be reached"), "{broken:?}");
    assert_eq!(scene.entries(), before + 3, "some of it is logged");
    let signed = names(&scene.path("out/signed"));
    assert_eq!(signed.len(), 7, "all of it is signed");
    assert!(names(&scene.path("out")).iter().all(|name| !name.starts_with("statements/")));
    let bytes = |name: &String| fs::read(scene.path("out/signed").join(name)).unwrap();
    let first: Vec<Vec<u8>> = signed.iter().map(bytes).collect();

    // kill -9, and the same log under another address.
    let scene = scene.restarted();
    let done = scene.submit(&scene.url(), "out", &["--yes", "--json"]).exits(DONE).json();
    assert_eq!(scene.entries(), before + 7, "nothing is logged twice");
    let again: Vec<Vec<u8>> = names(&scene.path("out/signed"))
        .iter()
        .map(|name| fs::read(scene.path("out/signed").join(name)).unwrap())
        .collect();
    assert_eq!(again, first, "nothing is signed twice");
    let id = done["submission"].as_str().unwrap();
    assert_eq!(scene.custody(id)["events"].as_array().unwrap().len(), 7);
}
