//! What commands print: text for people, one JSON object for programs, errors that say what to do
//! next.

use std::{
    fmt::Display,
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use serde::Serialize;

/// Refused, or not verified.
pub const REFUSED: u8 = 1;
/// Unusable input or usage.
pub const USAGE: u8 = 2;
/// The service cannot be reached, or failed.
pub const SERVICE: u8 = 3;

/// A command's failure.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Something was refused or did not verify.
    pub fn refused(message: impl Display) -> Self {
        Self { code: REFUSED, message: message.to_string() }
    }

    /// The input cannot be used.
    pub fn usage(message: impl Display) -> Self {
        Self { code: USAGE, message: message.to_string() }
    }

    /// The service cannot be reached or failed.
    pub fn service(message: impl Display) -> Self {
        Self { code: SERVICE, message: message.to_string() }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        self.code
    }
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    color: bool,
}

impl Output {
    /// Colour only on a terminal, and not if `NO_COLOR` is set.
    #[must_use]
    pub fn new(json: bool) -> Self {
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, color: color && !json }
    }

    /// Whether JSON was asked for.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether colours are on.
    #[must_use]
    pub const fn has_color(&self) -> bool {
        self.color
    }

    /// A line for people; nothing in JSON mode.
    pub fn line(&self, text: impl Display) {
        if !self.json {
            print(&format!("{text}\n"));
        }
    }

    /// A line of good news.
    pub fn good(&self, text: impl Display) {
        self.line(format_args!("{} {text}", self.paint("✓", 32)));
    }

    /// A heading.
    pub fn heading(&self, text: impl Display) {
        self.line(format_args!("\n{}", self.paint(&text.to_string(), 1)));
    }

    /// The result, in JSON mode only.
    pub fn json(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(value)
                .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
            print(&format!("{text}\n"));
        }
    }

    /// Text in an ANSI style, if colours are on.
    #[must_use]
    pub fn paint(&self, text: &str, style: u8) -> String {
        if self.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Prints a failure to standard error, in JSON mode as an object on standard output too.
    pub fn fail(&self, failure: &Failure) -> ExitCode {
        if self.json {
            self.json(
                &serde_json::json!({ "error": failure.to_string(), "exit_code": failure.code }),
            );
        } else {
            let mut stderr = std::io::stderr().lock();
            let _gone = writeln!(stderr, "error: {failure}");
        }
        ExitCode::from(failure.code)
    }
}

/// Prints; a reader that went away is no error of ours.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _gone = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
