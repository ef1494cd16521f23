//! COSE signed statements, receipts and transparent statements.
//!
//! Everything here is CBOR in the core deterministic encoding (RFC 8949 §4.2.1), refused otherwise:
//! a value has one encoding, so an entry has one leaf hash. Messages are read in one pass that
//! copies no string; [`coset`] supplies the COSE key and is the oracle of the tests.
//!
//! Not here: signing (callers sign `to_be_signed()` bytes), the policy of who may state what, and
//! algorithms other than Ed25519.

pub mod cbor;
pub mod content_type;
mod item;
pub mod key;
pub mod message;
pub mod receipt;
pub mod statement;
pub mod transparent;

pub use content_type::ContentType;
pub use receipt::{Receipt, ReceiptError, ReceiptHeader, RootSignature, UnsignedReceipt};
pub use statement::{Header, SignedStatement, StatementError, Subject, UnsignedStatement};
pub use transparent::{Attachments, TransparentStatement};

#[cfg(test)]
mod testing;
