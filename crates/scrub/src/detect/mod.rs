//! Finding things in text: by pattern, by checksum, by entropy and by the words of a deny-list.

mod anchors;
mod assigned;
pub(crate) mod checksum;
pub(crate) mod deny_list;
mod digits;
mod encoded;
pub(crate) mod entropy;
pub(crate) mod pattern;
pub(crate) mod people;
pub(crate) mod value;
