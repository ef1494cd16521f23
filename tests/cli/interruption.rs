//! A submission that broke off in the middle, because the service died, continues with the same `--out`.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
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
const LOOPBACK: &str = "127.0.0.1:0";

/// Hands on connections until it is cut in the middle of so many registrations.
struct Cable {
    url: String,
    /// Address at its other end.
    to: String,
    left: Arc<AtomicUsize>,
}

impl Cable {
    /// Whole, to a port of its own choice.
    fn lay() -> Self {
        let (near, far) =
            (TcpListener::bind(LOOPBACK).unwrap(), TcpListener::bind(LOOPBACK).unwrap());
        let url = format!("http://{}", near.local_addr().unwrap());
        let to = far.local_addr().unwrap();
        drop(far);
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let carried = Arc::clone(&left);
        thread::spawn(move || {
            for client in near.incoming().filter_map(Result::ok) {
                // Without a service at the other end the connection closes at once.
                let Ok(server) = TcpStream::connect(to) else { continue };
                let left = Arc::clone(&carried);
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || carry(client, server, &left));
                thread::spawn(move || std::io::copy(&mut &back.0, &mut &back.1));
            }
        });
        Self { url, to: to.to_string(), left }
    }

    fn cut_after(&self, registrations: usize) {
        self.left.store(registrations, Ordering::SeqCst);
    }
}

fn carry(mut client: TcpStream, mut server: TcpStream, left: &AtomicUsize) {
    let mut buffer = [0; 64 << 10];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let piece = &buffer[..read];
        // The client writes each request's head in one piece.
        let begins = piece.windows(REGISTRATION.len()).any(|window| window == REGISTRATION);
        let used = |left: usize| left.checked_sub(usize::from(begins));
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, used).is_err() {
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
    let cable = Cable::lay();
    let scene = Scene::with(&["--listen", &cable.to, "--public-url", &cable.url]);
    let before = scene.entries();
    cable.cut_after(3);
    let broken = scene.submit(&scene.url(), "out", &["--yes"]).exits(SERVICE);
    assert!(broken.stderr.contains("cannot be reached"), "{broken:?}");
    assert_eq!(scene.entries(), before + 3, "some of it is logged");
    let signed = names(&scene.path("out/signed"));
    assert_eq!(signed.len(), 7, "all of it is signed");
    assert!(names(&scene.path("out")).iter().all(|name| !name.starts_with("statements/")));
    let bytes = |name: &String| fs::read(scene.path("out/signed").join(name)).unwrap();
    let first: Vec<Vec<u8>> = signed.iter().map(bytes).collect();

    cable.cut_after(usize::MAX);
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
