//! Finding things in text: by pattern, by checksum, by entropy and by the words of a deny-list.

pub(crate) mod checksum;
pub(crate) mod deny_list;
pub(crate) mod entropy;
pub(crate) mod pattern;
