//! Inputs to start from: the vectors, and files where the vectors have none.

use attestry_proof::manifest::{FileRecord, Manifest, Role};
use serde_json::{Value, json};

/// Inputs for one target, and the vectors that more can be taken from.
pub struct Corpus {
    vectors: Value,
    inputs: Vec<Vec<u8>>,
}

impl Corpus {
    fn of(vectors: Value) -> Self {
        Self { vectors, inputs: Vec::new() }
    }

    /// The file `tests/vectors/<name>.json`, of which nothing is taken yet.
    pub fn vectors(name: &str) -> Self {
        let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self::of(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}")))
    }

    /// Every file of `tests/fuzz/corpus/<name>`.
    pub fn folder(name: &str) -> Self {
        let path = format!("{}/tests/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut corpus = Self::of(Value::Null);
        let entries = std::fs::read_dir(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        corpus
            .inputs
            .extend(paths.iter().map(|path| std::fs::read(path).expect("a readable file")));
        corpus
    }

    /// Openings of the manifests in the vectors.
    pub fn openings() -> Self {
        let mut corpus = Self::vectors("manifests");
        corpus.each(&mut |case, inputs| {
            if let Some(files) = case.get("files") {
                let files: Vec<FileRecord> =
                    serde_json::from_value(files.clone()).expect("records");
                let manifest = Manifest::new(Role::Deliverable, files).expect("a manifest");
                inputs.push(manifest.to_openings());
            }
        });
        corpus
    }

    /// Proofs of the vectors as the documents that carry them.
    pub fn manifest_proofs() -> Self {
        let mut corpus = Self::vectors("manifests");
        corpus.each(&mut |case, inputs| {
            if let (Some(indices), Some(lemmas)) = (case.get("indices"), case.get("lemmas")) {
                let schema = "attestry/manifest-proof/v1";
                let proof = json!({ "schema": schema, "indices": indices, "lemmas": lemmas });
                inputs.push(proof.to_string().into_bytes());
            }
        });
        corpus
    }

    pub fn hex(self, fields: &[&str]) -> Self {
        self.take(fields, unhex)
    }

    pub fn text(self, fields: &[&str]) -> Self {
        self.take(fields, |text| text.as_bytes().to_vec())
    }

    fn take(mut self, fields: &[&str], read: fn(&str) -> Vec<u8>) -> Self {
        self.each(&mut |case, inputs| {
            let found = fields.iter().filter_map(|field| case.get(*field)?.as_str());
            inputs.extend(found.map(read));
        });
        self
    }

    /// Two fields of one case with something in between; the second is hex.
    pub fn joined(mut self, first: &str, between: &[u8], second: &str) -> Self {
        self.each(&mut |case, inputs| {
            let text = |field| case.get(field).and_then(Value::as_str);
            if let (Some(first), Some(second)) = (text(first), text(second)) {
                let is_hex = first.bytes().all(|byte| byte.is_ascii_hexdigit());
                let first = if is_hex { unhex(first) } else { first.as_bytes().to_vec() };
                inputs.push([&first, between, &unhex(second)].concat());
            }
        });
        self
    }

    /// Entry bundles behind their width less one.
    pub fn bundles(mut self) -> Self {
        self.each(&mut |case, inputs| {
            if let (Some(bytes), Some(width)) = (case.get("bytes"), case.get("width")) {
                let width = u8::try_from(width.as_u64().expect("a width") - 1).expect("a width");
                inputs.push([vec![width], unhex(bytes.as_str().expect("hex"))].concat());
            }
        });
        self
    }

    /// Sizes and indices in eight bytes each, then the path.
    pub fn paths(mut self) -> Self {
        self.each(&mut |case, inputs| {
            let number = |names: [&str; 2]| names.iter().find_map(|name| case.get(*name)?.as_u64());
            let numbers = (number(["size", "new_size"]), number(["index", "old_size"]));
            if let ((Some(first), Some(second)), Some(path)) = (numbers, case.get("path")) {
                let hashes = path.as_array().expect("a path").iter();
                let path = hashes.flat_map(|hash| unhex(hash.as_str().expect("hex")));
                let numbers = [first.to_be_bytes(), second.to_be_bytes()].concat();
                inputs.push(numbers.into_iter().chain(path).collect());
            }
        });
        self
    }

    pub fn and(mut self, other: Self) -> Self {
        self.inputs.extend(other.inputs);
        self
    }

    pub fn into_inputs(self) -> Vec<Vec<u8>> {
        self.inputs
    }

    /// Calls `collect` for every object in the vectors, however deep.
    fn each(&mut self, collect: &mut dyn FnMut(&Value, &mut Vec<Vec<u8>>)) {
        let mut pending = vec![&self.vectors];
        while let Some(value) = pending.pop() {
            match value {
                Value::Object(members) => {
                    collect(value, &mut self.inputs);
                    pending.extend(members.values());
                }
                Value::Array(items) => pending.extend(items),
                _ => {}
            }
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits"))
        .collect()
}
