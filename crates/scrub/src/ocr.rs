//! Where text in the pixels of a picture comes from: whoever calls brings an engine, since it is a
//! process or a library with data of its own. Its name and version stand in the report.

use std::fmt::Debug;

use thiserror::Error;

/// A picture in shades of grey, dark on light or light on dark, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gray {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// One byte a pixel, 0 is black; row after row from the top.
    pub pixels: Vec<u8>,
}

/// One line of text in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its words, with spaces between.
    pub text: String,
    /// Left, top, width and height in pixels.
    pub place: [u32; 4],
    /// How sure the engine is, of 100.
    pub confidence: u8,
}

/// Why an engine has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OcrError {
    /// It is not there or does not start.
    #[error("the engine does not start")]
    Unavailable,
    /// It took too long.
    #[error("the engine took too long")]
    TooSlow,
    /// It ended without an answer.
    #[error("the engine failed")]
    Failed,
}

/// An engine that reads text in pictures. The same picture gives the same lines.
pub trait Ocr: Debug + Send + Sync {
    /// Name and version, with languages where they change the answer.
    fn name_and_version(&self) -> String;

    /// The lines of a picture, in reading order.
    ///
    /// # Errors
    /// [`OcrError`], where the picture was not read; the report then says so.
    fn lines(&self, picture: &Gray) -> Result<Vec<Line>, OcrError>;
}
