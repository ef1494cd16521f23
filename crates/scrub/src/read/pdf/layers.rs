//! Layers: optional content and whether it is shown (ISO 32000-2 §8.11.4).

use std::collections::BTreeSet;

use lopdf::{Document, Object, ObjectId};

use super::document::{dict_of, get, name_of, text_of};

/// The layers of a document.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    off: BTreeSet<ObjectId>,
}

impl Layers {
    pub(crate) fn of(doc: &Document) -> Self {
        let mut layers = Self::default();
        let Some(properties) =
            doc.catalog().ok().and_then(|catalog| dict_of(doc, catalog, b"OCProperties"))
        else {
            return layers;
        };
        let ids = |dict, key: &[u8]| -> Vec<ObjectId> {
            let array = get(doc, dict, key).and_then(|object| object.as_array().ok());
            array.into_iter().flatten().filter_map(|o: &Object| o.as_reference().ok()).collect()
        };
        let Some(usual) = dict_of(doc, properties, b"D") else { return layers };
        if name_of(doc, usual, b"BaseState") == Some(b"OFF") {
            layers.off.extend(ids(properties, b"OCGs"));
        }
        for id in ids(usual, b"ON") {
            layers.off.remove(&id);
        }
        layers.off.extend(ids(usual, b"OFF"));
        layers
    }

    pub(crate) fn is_off(&self, id: ObjectId) -> bool {
        self.off.contains(&id)
    }

    /// Layers that are off, in the order of their objects.
    pub(crate) fn off(&self) -> impl Iterator<Item = ObjectId> {
        self.off.iter().copied()
    }

    /// Name of a layer.
    pub(crate) fn name(doc: &Document, id: ObjectId) -> String {
        let dict = doc.get_dictionary(id).ok();
        let name = dict.and_then(|dict| get(doc, dict, b"Name")).and_then(|n| n.as_str().ok());
        name.map(text_of).unwrap_or_default()
    }
}
