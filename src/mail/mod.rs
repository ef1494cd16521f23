//! Mail: messages handed to one SMTP server (RFC 5321), which takes them further.
//!
//! Not here: what is written to whom, and when it is tried again.

pub mod settings;
mod smtp;

pub use self::smtp::{Courier, Delivery, MailSetupError, Outgoing};
