//! Which objects can be reached from where, and what they are for. What cannot be reached from the
//! trailer is an orphan: no reader shows it.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId};

/// Direct objects inside each other that are followed.
const DEPTH_MAX: usize = 128;

/// What an object is for, told by who points to it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing special.
    Other,
    /// Content of a page.
    Content,
    /// For programs only: font programs, colour profiles, functions.
    Machine,
    /// XMP.
    Metadata,
    /// A second copy of a form's data.
    Xfa,
    Script,
    Thumbnail,
    /// Private data of the program that made the file.
    Private,
}

/// Objects that can be reached, with their roles.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) roles: BTreeMap<ObjectId, Role>,
}

impl Reached {
    /// Everything from the trailer.
    pub(super) fn from_trailer(doc: &Document) -> Self {
        let mut reached = Self::default();
        let mut open = Vec::new();
        for (key, value) in doc.trailer.iter().filter(|(key, _)| key.as_slice() != b"Prev") {
            reached.visit(value, role_of(key, Role::Other), &mut open, 0);
        }
        reached.follow(doc, open);
        reached
    }

    /// What is left, each of it a start of its own.
    pub(super) fn orphans(doc: &Document, living: &Self) -> Self {
        let is_orphan = |id: &&ObjectId| !living.roles.contains_key(id);
        let ids: Vec<ObjectId> = doc.objects.keys().filter(is_orphan).copied().collect();
        let mut reached = Self::default();
        let mut open = Vec::new();
        // First what others point to, so that its role is known.
        for id in &ids {
            if let Some(object) = doc.objects.get(id) {
                reached.visit(object, Role::Other, &mut open, 0);
            }
        }
        reached.follow(doc, open);
        for id in ids {
            reached.roles.entry(id).or_insert(Role::Other);
        }
        reached.roles.retain(|id, _| !living.roles.contains_key(id));
        reached
    }

    fn follow(&mut self, doc: &Document, mut open: Vec<ObjectId>) {
        while let Some(id) = open.pop() {
            let role = self.roles.get(&id).copied().unwrap_or(Role::Other);
            if let Some(object) = doc.objects.get(&id) {
                self.visit(object, role, &mut open, 0);
            }
        }
    }

    fn visit(&mut self, object: &Object, role: Role, open: &mut Vec<ObjectId>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match object {
            Object::Reference(id) => {
                if let std::collections::btree_map::Entry::Vacant(entry) = self.roles.entry(*id) {
                    entry.insert(role);
                    open.push(*id);
                }
            }
            Object::Array(items) => {
                let is_profile = items.first().and_then(|o| o.as_name().ok()) == Some(b"ICCBased");
                let role = if is_profile { Role::Machine } else { role };
                items.iter().for_each(|item| self.visit(item, role, open, depth + 1));
            }
            Object::Dictionary(dict) => self.entries(dict, role, open, depth),
            Object::Stream(stream) => self.entries(&stream.dict, role, open, depth),
            _ => {}
        }
    }

    fn entries(&mut self, dict: &Dictionary, role: Role, open: &mut Vec<ObjectId>, depth: usize) {
        for (key, value) in dict.iter() {
            // A page is not part of what only points back to it.
            let inner = if matches!(key.as_slice(), b"Parent" | b"P") { Role::Other } else { role };
            self.visit(value, role_of(key, inner), open, depth + 1);
        }
    }
}

/// Role of what stands under a key.
fn role_of(key: &[u8], outer: Role) -> Role {
    match key {
        b"Contents" => Role::Content,
        b"FontFile" | b"FontFile2" | b"FontFile3" | b"ToUnicode" | b"CIDToGIDMap" | b"CIDSet"
        | b"Encoding" | b"CharProcs" | b"DestOutputProfile" | b"Function" | b"UseCMap" => {
            Role::Machine
        }
        b"Metadata" => Role::Metadata,
        b"XFA" => Role::Xfa,
        b"JS" => Role::Script,
        b"Thumb" => Role::Thumbnail,
        b"PieceInfo" => Role::Private,
        _ => match outer {
            Role::Machine | Role::Private => outer,
            _ => Role::Other,
        },
    }
}
