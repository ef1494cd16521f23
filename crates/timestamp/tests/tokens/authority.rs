//! Certification and time-stamping authorities made by OpenSSL in a folder of their own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use attestry_timestamp::{Certificate, Response, request};
use tempfile::TempDir;

/// What is stamped in every test.
pub const IMPRINT: [u8; 32] = [0x5a; 32];
/// The highest bit is set, so that the number needs a sign.
pub const NONCE: [u8; 16] = [0xc3; 16];

pub const STAMPS: &str = "extendedKeyUsage=critical,timeStamping\n";
pub const ISSUES: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";

const CONFIG: &str = "
[ca]
default_ca = issuer
[issuer]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
policy = any
default_md = sha256
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[tsa]
serial = serial
default_policy = 1.3.6.1.4.1.99999.1
signer_digest = sha384
digests = sha256
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
";

/// Kinds of keys.
#[derive(Clone, Copy)]
pub enum Key {
    Rsa(u16),
    P256,
    P384,
    P521,
}

/// How a certificate is made.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub issuer: &'a str,
    pub key: Key,
    pub extensions: &'a str,
    /// First and last second, as `YYYYMMDDhhmmssZ`.
    pub validity: (&'a str, &'a str),
    /// More arguments for the one that issues it.
    pub arguments: &'a [&'a str],
}

impl<'a> Wanted<'a> {
    /// On P-256, valid for longer than anybody runs this.
    pub const fn new(name: &'a str, issuer: &'a str, extensions: &'a str) -> Self {
        let validity = ("20200101000000Z", "21000101000000Z");
        Self { name, issuer, key: Key::P256, extensions, validity, arguments: &[] }
    }
}

/// A folder with keys (`NAME.key`), certificates (`NAME.pem`) and what OpenSSL keeps beside them.
pub struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// With a root authority named `root`, and `stamper`, which it lets stamp.
    pub fn new() -> Self {
        Self::with_keys(Key::P256, Key::P256)
    }

    pub fn with_keys(root: Key, stamper: Key) -> Self {
        let workshop = Self { folder: TempDir::new().expect("a folder") };
        workshop.write("config", CONFIG);
        workshop.write("index.txt", "");
        workshop.issue(Wanted { key: root, ..Wanted::new("root", "root", ISSUES) });
        workshop.issue(Wanted { key: stamper, ..Wanted::new("stamper", "root", STAMPS) });
        workshop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a writable folder");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a readable file")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("openssl is installed")
    }

    /// Runs OpenSSL, which must succeed.
    pub fn openssl(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes a key and a certificate for it; whose issuer is itself, signs itself.
    pub fn issue(&self, wanted: Wanted<'_>) {
        let name = wanted.name;
        let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let (request, extensions) = (format!("{name}.csr"), format!("{name}.ext"));
        let bits;
        let kind: &[&str] = match wanted.key {
            Key::Rsa(size) => {
                bits = format!("rsa_keygen_bits:{size}");
                &["-algorithm", "RSA", "-pkeyopt", &bits]
            }
            Key::P256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Key::P384 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            Key::P521 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        };
        self.openssl(&[&["genpkey", "-out", &key][..], kind].concat());
        let subject = format!("/CN={name}");
        let asked = ["req", "-new", "-config", "config", "-subj", &subject, "-key", &key, "-out"];
        self.openssl(&[&asked[..], &[&request]].concat());
        self.write(&extensions, wanted.extensions);
        let issuer_key = format!("{}.key", wanted.issuer);
        let issuer = format!("{}.pem", wanted.issuer);
        let signed_by: &[&str] = if wanted.issuer == name {
            &["-selfsign", "-keyfile", &key]
        } else {
            &["-keyfile", &issuer_key, "-cert", &issuer]
        };
        let (from, until) = wanted.validity;
        let issued = ["ca", "-batch", "-notext", "-config", "config", "-extfile", &extensions];
        let dated = ["-startdate", from, "-enddate", until, "-in", &request, "-out", &certificate];
        self.openssl(&[&issued[..], &dated, signed_by, wanted.arguments].concat());
    }

    pub fn certificate(&self, name: &str) -> Certificate {
        let text = String::from_utf8(self.read(&format!("{name}.pem"))).expect("a PEM text");
        Certificate::parse_pem(&text).expect("a certificate").remove(0)
    }

    /// What `signer` answers to our request; `arguments` are more of them for OpenSSL.
    pub fn answer(&self, signer: &str, arguments: &[&str]) -> Vec<u8> {
        self.write("query", request(&IMPRINT, &NONCE));
        let (key, certificate) = (format!("{signer}.key"), format!("{signer}.pem"));
        let reply = ["ts", "-reply", "-config", "config", "-section", "tsa", "-queryfile", "query"];
        let by = ["-inkey", &key, "-signer", &certificate, "-out", "answer"];
        self.openssl(&[&reply[..], &by, arguments].concat());
        self.read("answer")
    }

    /// A token of `signer`.
    pub fn stamp(&self, signer: &str, arguments: &[&str]) -> Vec<u8> {
        Response::parse(&self.answer(signer, arguments)).expect("an answer").token().to_vec()
    }

    /// The TSTInfo in a token, in DER.
    pub fn content(&self, token: &[u8]) -> Vec<u8> {
        self.write("token", token);
        let shown = ["cms", "-verify", "-noverify", "-nosigs", "-inform", "DER", "-in", "token"];
        self.openssl(&[&shown[..], &["-out", "content"]].concat());
        self.read("content")
    }

    /// Signs any content as a token; OpenSSL's time-stamping command would refuse most signers.
    pub fn forge(&self, content: &[u8], signer: &str, arguments: &[&str]) -> Vec<u8> {
        self.write("forged", content);
        let (key, certificate) = (format!("{signer}.key"), format!("{signer}.pem"));
        let sign = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "forged"];
        let by = ["-inkey", &key, "-signer", &certificate, "-out", "token"];
        let mut all = [&sign[..], &by, arguments].concat();
        for (option, usual) in [("-econtent_type", "1.2.840.113549.1.9.16.1.4"), ("-md", "sha256")]
        {
            if !arguments.contains(&option) {
                all.extend([option, usual]);
            }
        }
        self.openssl(&all);
        self.read("token")
    }
}
