//! Typesetting: paragraphs and tables onto pages, pages into a tagged PDF (PDF/UA-1, PDF/A-2a).
//!
//! Text is laid out first and written afterwards, since every page says how many there are. The same
//! document gives the same bytes: fonts are built in, the only time is the one given.
//!
//! Not here: shaping of joined scripts (letters stand side by side), hyphenation, pictures.

mod blocks;
mod fonts;
mod lines;
mod sheets;
mod table;
#[cfg(test)]
mod tests;
mod track;
mod write;

pub(super) use blocks::{Document, Imprint};
pub(super) use lines::Color;
pub(super) use sheets::Shape;
pub(super) use table::{Cell, Column, Table};
pub(super) use track::{Drawing, Track, TrackRow};
pub use write::TypesetError;

/// Width of a page: that of Letter, in points.
pub(super) const PAGE_WIDTH: f32 = 612.0;
/// Height of a page: that of Letter, in points.
pub(super) const PAGE_HEIGHT: f32 = 792.0;
/// Left edge of what is printed: within the margins of A4, too.
pub(super) const LEFT: f32 = 66.0;
/// Right edge of what is printed.
pub(super) const RIGHT: f32 = PAGE_WIDTH - LEFT;
/// Width of what is printed.
pub(super) const WIDTH: f32 = RIGHT - LEFT;
/// Top edge of the text.
pub(super) const TOP: f32 = 78.0;
/// Bottom edge of the text.
pub(super) const BOTTOM: f32 = PAGE_HEIGHT - 84.0;
