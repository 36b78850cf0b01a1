//! Floor 1: mails. What a letter looks like, and the talk with the mail server. Knows neither alerts nor people.
//!
//! A letter goes to one address, so that one that is refused takes no other with it. The talk is led step by step, since it
//! matters how far it got: until the last step nothing was sent, and in that one alone nobody can know.

mod letter;

pub use letter::{Item, Letter};

use crate::config::{MailConfig, MailTls};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use std::time::Duration;
use tokio::time::timeout;

/// Until somebody answers there,
const CONNECT: Duration = Duration::from_secs(20);
/// until a word is answered,
const WORD: Duration = Duration::from_secs(30);
/// and until a letter is taken: servers look it through first.
const TAKE: Duration = Duration::from_secs(120);
/// So much of what a server says is kept.
const MOST_SAID: usize = 200;

/// The configured mail server.
pub struct Mailer {
    config: MailConfig,
    from: Mailbox,
    tls: Option<TlsParameters>,
}

/// An open line to the mail server.
pub struct Line {
    connection: AsyncSmtpConnection,
    from: Address,
    /// It can be used on.
    open: bool,
}

/// Why a letter isn't sent, as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// No letter can be sent now, to whomever.
    Nothing(String),
    /// This address, or this letter, is refused for good.
    Never(String),
    /// This one not now.
    NotNow(String),
    /// It may have been taken, or not.
    Unknown(String),
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("config", &self.config).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

impl Mailer {
    /// Makes ready; nothing is sent.
    ///
    /// # Errors
    /// What in the configuration can't be used, in a sentence.
    pub fn open(config: &MailConfig) -> Result<Self, String> {
        let from = config.from.parse().map_err(|_| "mail.from is no mail address".to_owned())?;
        let tls = if config.tls == MailTls::Never { None } else { Some(tls(config)?) };
        Ok(Self { config: config.clone(), from, tls })
    }

    /// Opens a line: connects, encrypts as configured, and shows the password if there is one.
    ///
    /// # Errors
    /// What hinders it, as a sentence without a full stop.
    pub async fn connect(&self) -> Result<Line, String> {
        let mut connection = self.greet().await?;
        if !connection.is_encrypted() && connection.can_starttls() {
            if let Some(tls) = self.tls.clone() {
                let encrypting = patient(WORD, connection.starttls(tls, &ClientId::default())).await;
                match (encrypting, self.config.tls) {
                    (Ok(()), _) => {}
                    // What it offers is of no use, so it is as if it offered nothing.
                    (Err(_), MailTls::Opportunistic) => connection = self.greet().await?,
                    (Err(trouble), _) => return Err(self.because(&trouble)),
                }
            }
        } else if self.config.tls == MailTls::Required {
            let server = self.config.server();
            return Err(format!(
                "the mail server {server} offers no STARTTLS, and mail.starttls requires it; nothing was sent"
            ));
        }
        if let Some((username, password)) = &self.config.login {
            let login = Credentials::new(username.clone(), password.expose().to_owned());
            let saying = connection.auth(&[Mechanism::Plain, Mechanism::Login], &login);
            patient(WORD, saying).await.map_err(|it| match it {
                Trouble::Said(code, _) => {
                    let server = self.config.server();
                    format!("the mail server {server} does not take the username and password ({code})")
                }
                other => self.because(&other),
            })?;
        }
        Ok(Line { connection, from: self.from.email.clone(), open: true })
    }

    /// Connects, encrypted from the start if so configured, and hears what the server offers.
    async fn greet(&self) -> Result<AsyncSmtpConnection, String> {
        let (config, hello) = (&self.config, ClientId::default());
        let whole = self.tls.clone().filter(|_| config.tls == MailTls::Whole);
        let at = (config.host.as_str(), config.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT), &hello, whole, None);
        patient(CONNECT + WORD, connecting).await.map_err(|it| self.because(&it))
    }

    /// The letter as it goes over the line.
    ///
    /// # Errors
    /// The address can't be written to.
    pub fn write(&self, letter: &Letter) -> Result<Vec<u8>, String> {
        letter.write(&self.from)
    }

    /// Whether letters may go to an address.
    #[must_use]
    pub fn allows(&self, address: &str) -> bool {
        self.config.allows(address)
    }

    /// Whether letters may name signers and packages.
    #[must_use]
    pub fn names(&self) -> bool {
        self.config.names
    }

    /// The server's address.
    #[must_use]
    pub fn server(&self) -> String {
        self.config.server()
    }

    fn because(&self, trouble: &Trouble) -> String {
        let server = self.config.server();
        match trouble {
            Trouble::Said(_, said) => format!("the mail server {server} answers {said}"),
            Trouble::Tls(why) => format!("the mail server {server} can't be trusted: {why}"),
            Trouble::Lost(why) => format!("the mail server {server} can't be reached: {why}"),
        }
    }
}

impl Line {
    /// Asks whether a letter may go to an address. When this returns well, [`Line::deliver`] is next.
    ///
    /// # Errors
    /// Why not; nothing was sent.
    pub async fn address(&mut self, to: &str) -> Result<(), Unsent> {
        let to: Address = to.parse().map_err(|_| Unsent::Never("that is no mail address".to_owned()))?;
        let mut options = Vec::new();
        if !AsRef::<str>::as_ref(&to).is_ascii() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Unsent::Never("the mail server takes no addresses with such letters".to_owned()));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let mail = self.say(Mail::new(Some(self.from.clone()), options)).await;
        mail.map_err(|it| Unsent::Nothing(it.told("mails from this board")))?;
        match self.say(Rcpt::new(to, Vec::new())).await {
            Ok(()) => Ok(()),
            Err(trouble) => Err(self.begin_anew(trouble.of_one("this address")).await),
        }
    }

    /// Hands over a letter to whom was asked for.
    ///
    /// # Errors
    /// Why not.
    pub async fn deliver(&mut self, letter: &[u8]) -> Result<(), Unsent> {
        if let Err(trouble) = self.say(Data).await {
            return Err(self.begin_anew(trouble.of_one("this letter")).await);
        }
        match patient(TAKE, self.connection.message(letter)).await {
            Ok(_) => Ok(()),
            Err(Trouble::Lost(why) | Trouble::Tls(why)) => {
                self.open = false;
                Err(Unsent::Unknown(format!(
                    "the line was lost while the mail server took the letter: {why}"
                )))
            }
            Err(said @ Trouble::Said(..)) => Err(self.begin_anew(said.of_one("this letter")).await),
        }
    }

    /// Whether it can be used on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Hangs up.
    pub async fn close(mut self) {
        let _ = patient(WORD, self.connection.quit()).await;
    }

    /// Says a word, and hears that it is well.
    async fn say(&mut self, word: impl std::fmt::Display) -> Result<(), Trouble> {
        let answer = patient(WORD, self.connection.command(word)).await;
        self.open &= !matches!(answer, Err(Trouble::Lost(_) | Trouble::Tls(_) | Trouble::Said(421, _)));
        answer.map(|_| ())
    }

    /// After a letter that isn't sent, for the next one.
    async fn begin_anew(&mut self, unsent: Unsent) -> Unsent {
        if self.open && self.say(Rset).await.is_err() {
            self.open = false;
        }
        unsent
    }
}

/// What went wrong with a word.
enum Trouble {
    /// The server said no: its code, and that with its words.
    Said(u16, String),
    /// It can't be trusted.
    Tls(String),
    /// It doesn't answer any more.
    Lost(String),
}

impl Trouble {
    /// That nothing goes, and what the server said to it.
    fn told(&self, of: &str) -> String {
        match self {
            Self::Said(_, said) => format!("the mail server refuses {of}: {said}"),
            Self::Tls(why) | Self::Lost(why) => format!("the line to the mail server was lost: {why}"),
        }
    }

    /// Whether one letter alone is refused.
    fn of_one(&self, what: &str) -> Unsent {
        let told = self.told(what);
        match self {
            // It says good-bye.
            Self::Said(421, _) | Self::Tls(_) | Self::Lost(_) => Unsent::Nothing(told),
            Self::Said(500.., _) => Unsent::Never(told),
            Self::Said(..) => Unsent::NotNow(told),
        }
    }

    fn of(error: &Error) -> Self {
        let text = shortened(&error.to_string());
        match error.status() {
            Some(code) => {
                let severity = match code.severity {
                    Severity::PermanentNegativeCompletion => 5,
                    Severity::TransientNegativeCompletion => 4,
                    Severity::PositiveIntermediate => 3,
                    Severity::PositiveCompletion => 2,
                };
                let number = severity * 100 + code.category as u16 * 10 + code.detail as u16;
                let words = text.rsplit_once("): ").map_or("", |(_, words)| words);
                Self::Said(number, format!("{number} {words}").trim_end().to_owned())
            }
            // What fails while the line is being encrypted counts as a lost connection there.
            None if error.is_tls() || text.contains("certificate") => Self::Tls(text),
            None => Self::Lost(text),
        }
    }
}

/// Waits for an answer, but not for ever.
async fn patient<T>(limit: Duration, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match timeout(limit, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Trouble::of(&error)),
        Err(_) => Err(Trouble::Lost(format!("no answer within {} s", limit.as_secs()))),
    }
}

fn tls(config: &MailConfig) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(config.host.clone());
    if let Some(file) = &config.ca_file {
        let path = file.display();
        let pem = std::fs::read(file)
            .map_err(|cause| format!("the certificate authority in {path} can't be used: {cause}"))?;
        let trusted = Certificate::from_pem(&pem)
            .map_err(|cause| format!("the certificate authority in {path} can't be used: {cause}"))?;
        tls = tls.add_root_certificate(trusted);
    }
    // Whoever can forge a certificate on the way could as well hide that encryption is offered.
    let any = config.tls == MailTls::Opportunistic;
    tls.dangerous_accept_invalid_certs(any)
        .build()
        .map_err(|cause| format!("no TLS connections can be set up: {cause}"))
}

fn shortened(text: &str) -> String {
    let line = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    line.take(MOST_SAID).collect()
}
