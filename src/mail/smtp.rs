//! One connection to the server at a time: opened when there is something to send, closed afterwards.

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Mailbox, MessageBuilder,
        header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use uuid::Uuid;

use super::settings::{MailSettings, Security};

/// Longest wait for the server to take the connection, and for each of its answers.
const CONNECT_MAX: Duration = Duration::from_secs(20);
/// Longest time for one message.
const SEND_MAX: Duration = Duration::from_secs(60);
/// How a certificate begins in PEM (RFC 7468 §5.1).
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Most characters of a name or a subject.
const LINE_CHARS_MAX: usize = 240;

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The certificates to trust cannot be used.
    #[error("the certificates to trust cannot be used: {0}")]
    Trust(#[source] Error),
    /// There is none among them.
    #[error("the file of certificates to trust has none in PEM")]
    NoCertificate,
}

/// A message, ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The same for the same message, however often it is sent.
    pub id: Uuid,
    /// When it was written, Unix seconds.
    pub at: i64,
    /// Address of the recipient.
    pub to: String,
    /// Name of the recipient, as they wrote it.
    pub name: Option<String>,
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// What became of a message. Problems name no address: they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The server has it now.
    Taken,
    /// The server does not take it now, or it is not known whether it did.
    Later(String),
    /// The server will not take it, or it cannot be written.
    Never(String),
    /// There is no server to talk to: nothing else can be sent either.
    NoServer(String),
}

/// Hands messages to the server.
pub struct Courier {
    settings: MailSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    connection: Option<AsyncSmtpConnection>,
}

impl Courier {
    /// Prepares everything but the connection.
    ///
    /// # Errors
    /// See [`MailSetupError`].
    pub fn new(settings: MailSettings) -> Result<Self, MailSetupError> {
        let tls = match settings.security {
            Security::Plain => None,
            Security::Tls | Security::Starttls => {
                let mut parameters = TlsParameters::builder(settings.server.clone());
                if let Some(trusted) = &settings.trusted {
                    // The library takes a file without any for one that adds nothing.
                    if !trusted.windows(PEM.len()).any(|window| window == PEM) {
                        return Err(MailSetupError::NoCertificate);
                    }
                    let certificate =
                        Certificate::from_pem(trusted).map_err(MailSetupError::Trust)?;
                    parameters = parameters.add_root_certificate(certificate);
                }
                Some(parameters.build_rustls().map_err(MailSetupError::Trust)?)
            }
        };
        // RFC 5321 §4.1.4 wants a name that stands for the sender.
        let hello = ClientId::Domain(settings.from.email.domain().to_owned());
        Ok(Self { settings, tls, hello, connection: None })
    }

    /// Hands over one message, over the open connection if it is still good.
    pub async fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        let message = match self.message(outgoing) {
            Ok(message) => message,
            Err(problem) => return Delivery::Never(problem),
        };
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match self.connect().await {
                Ok(connection) => connection,
                Err(problem) => return Delivery::NoServer(problem),
            },
        };
        let bytes = message.formatted();
        let sending = connection.send(message.envelope(), &bytes);
        let sent = tokio::time::timeout(SEND_MAX, sending).await;
        match sent {
            Ok(Ok(_)) => {
                self.connection = Some(connection);
                Delivery::Taken
            }
            // From here on the library has closed the connection.
            Ok(Err(error)) if is_about_us(&error) => Delivery::NoServer(problem(&error)),
            Ok(Err(error)) if error.is_permanent() || error.is_client() => {
                Delivery::Never(problem(&error))
            }
            Ok(Err(error)) => Delivery::Later(problem(&error)),
            Err(_) => Delivery::Later("no answer in time".into()),
        }
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // Everything was taken before; the answer to a goodbye changes nothing.
            let _said = tokio::time::timeout(CONNECT_MAX, connection.quit()).await;
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let opening = async {
            let server = (self.settings.server.as_str(), self.settings.port);
            let first = self.tls.clone().filter(|_| self.settings.security == Security::Tls);
            let limit = Some(CONNECT_MAX);
            let mut connection =
                AsyncSmtpConnection::connect_tokio1(server, limit, &self.hello, first, None)
                    .await?;
            if self.settings.security == Security::Starttls
                && let Some(tls) = self.tls.clone()
            {
                connection.starttls(tls, &self.hello).await?;
            }
            if let Some((name, password)) = &self.settings.login {
                let login = Credentials::new(name.clone(), password.to_string());
                connection.auth(DEFAULT_MECHANISMS, &login).await?;
            }
            Ok::<_, Error>(connection)
        };
        match tokio::time::timeout(SEND_MAX, opening).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(problem(&error)),
            Err(_) => Err("no answer in time".into()),
        }
    }

    fn message(&self, outgoing: &Outgoing) -> Result<Message, String> {
        let address = outgoing.to.parse();
        let address = address.map_err(|_| "the address cannot be written to".to_owned())?;
        let domain = self.settings.from.email.domain();
        let seconds = u64::try_from(outgoing.at).unwrap_or_default();
        MessageBuilder::new()
            .from(self.settings.from.clone())
            .to(Mailbox::new(outgoing.name.as_deref().and_then(one_line), address))
            .subject(one_line(&outgoing.subject).unwrap_or_default())
            .message_id(Some(format!("<{}@{domain}>", outgoing.id)))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .header(AutoSubmitted)
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(lines(&outgoing.body))
            .map_err(|_| "the message cannot be written".to_owned())
    }
}

/// Whether the server wants another login or protection (RFC 4954 §6, RFC 3207 §4): no message is at
/// fault.
fn is_about_us(error: &Error) -> bool {
    error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538))
}

/// So that no program answers a program (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// What a person wrote, as one line without control characters; `None` if nothing is left.
fn one_line(text: &str) -> Option<String> {
    let spaced = text.replace(char::is_control, " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LINE_CHARS_MAX).collect();
    (!line.is_empty()).then_some(line)
}

/// Lines that end as mail wants it, without other control characters.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', " ");
    text.replace('\n', "\r\n")
}

/// What was met, by code or kind: what servers write may repeat addresses.
fn problem(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_timeout() => "no answer in time".into(),
        None if error.is_tls() => "no protected connection".into(),
        None if error.is_client() => "the server does not offer what is needed".into(),
        None if error.is_response() => "the server's answer makes no sense".into(),
        None => "no connection to the server".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn courier() -> Courier {
        let settings = MailSettings {
            server: "127.0.0.1".into(),
            port: 25,
            security: Security::Plain,
            from: "Desk <desk@example.com>".parse().unwrap(),
            login: None,
            trusted: None,
        };
        Courier::new(settings).unwrap()
    }

    fn outgoing(to: &str, name: &str, subject: &str, body: &str) -> Outgoing {
        Outgoing {
            id: Uuid::from_u128(7),
            at: 1_700_000_000,
            to: to.into(),
            name: Some(name.into()),
            subject: subject.into(),
            body: body.into(),
        }
    }

    #[test]
    fn nothing_that_people_write_adds_a_header_or_a_recipient() {
        let hostile = "Ann\r\nBcc: everybody@example.org\u{2028}\u{85}X: \"y\" <z@example.org>";
        let message = outgoing("ann@example.org", hostile, hostile, &format!("{hostile}\n.\nRSET"));
        let built = courier().message(&message).unwrap();
        let to: Vec<String> = built.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(to, ["ann@example.org"]);
        let text = String::from_utf8(built.formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let mut names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        names.sort_unstable();
        let expected = [
            "Auto-Submitted",
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To",
        ];
        assert_eq!(names, expected, "{head}");
        assert!(head.contains(&format!("Message-ID: <{}@example.com>", message.id)), "{head}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
    }

    #[test]
    fn the_same_message_is_the_same_bytes() {
        let message = outgoing("ann@example.org", "Änne", "Größe", "Zeile eins\nZeile zwei");
        let bytes = |message: &Outgoing| courier().message(message).unwrap().formatted();
        assert_eq!(bytes(&message), bytes(&message));
    }

    #[test]
    fn what_is_no_address_is_never_written_to() {
        for to in ["ann", "ann@", "@example.org", "ann@example.org\r\nRCPT TO:<b@example.org>"] {
            let built = courier().message(&outgoing(to, "Ann", "Subject", "Text"));
            assert_eq!(built.unwrap_err(), "the address cannot be written to", "{to}");
        }
    }
}
