//! Layers: optional content and whether it is shown (ISO 32000-2 §8.11.4).

use std::collections::BTreeSet;

use lopdf::{Document, Object, ObjectId};

use super::document::{dict_of, get, name_of};

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
}
