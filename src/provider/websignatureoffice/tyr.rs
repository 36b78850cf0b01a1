//! StepOver's web service "Tyr": the status of one known document, by XML-RPC.
//!
//! **Documented:** XML-RPC by POST. `login` takes a user's name and password and returns the id of a session. Every
//! other call begins with `session id:unix time:nonce:customer key`. Each request carries, as `X-SOSIGNATURE`, the hex
//! SHA-256 of its XML followed by the shared secret (an older manual says SHA-1). HTTP always answers 200; what went wrong
//! is a fault inside, of which one is printed: 102, `login_failed`. There is a method `getDocumentSignatureRequestStatus`.
//!
//! **Inferred:** that this method takes the document's id as a text and returns the code of the callbacks, 1 to 4; that
//! the time is in seconds; that a fault which speaks of the session or of the login means that the session has ended.
//!
//! **Unknown:** what a method returns, every other fault, how long a session lasts, and whether documents can be
//! listed. So an answer is taken only if it is one single code; no fault ever means that a document is gone; and a
//! session is given up early. Nothing else of the board needs Tyr.
//!
//! Never logged and never part of an error: what was sent, and of an answer more than a fault's code and plain words.

use crate::config::{ApiAuth, ApiConfig, Secret};
use crate::model::{AccountId, Answer, PackageId, Snapshot, Status, Timestamp};
use crate::provider::client::{Client, Reply};
use crate::provider::{FetchError, Fetched, OpenError};
use dxr::{MethodCall, MethodResponse, Value};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write as _;
use tokio::sync::Mutex;

/// The one method that is asked.
const STATUS: &str = "getDocumentSignatureRequestStatus";

/// The fault of a login that failed.
const LOGIN_FAILED: i64 = 102;

/// A session older than this is not used: nobody says how long one lasts, nor how its end is told.
const SESSION_MS: i64 = 10 * 60 * 1000;

/// The longest id of a session, in bytes: it is sent along with every question.
const LONGEST_SESSION: usize = 1024;

/// One account's way to Tyr.
#[derive(Debug)]
pub(super) struct Tyr {
    client: Client,
    url: Url,
    /// Often somebody's mail address.
    user: Secret,
    password: Secret,
    customer_key: Secret,
    shared_secret: Secret,
    /// The lock is held while a session is made, so that it is asked for once.
    session: Mutex<Option<Session>>,
}

#[derive(Debug, Clone)]
struct Session {
    id: Secret,
    since: Timestamp,
}

/// Something that Tyr won't do.
struct Fault {
    code: Option<i64>,
    text: String,
}

impl Tyr {
    /// Makes ready what the configuration says; nothing is sent.
    ///
    /// # Errors
    /// What in the configuration can't be used.
    pub(super) fn open(
        account: &AccountId,
        config: &ApiConfig,
        calls_per_minute: u32,
    ) -> Result<Self, OpenError> {
        let ApiAuth::Tyr { user, password, customer_key, shared_secret } = &config.auth else {
            return Err(OpenError::Credentials("user, password, customer-key and shared-secret"));
        };
        let url = Url::parse(&config.base_url).map_err(|error| OpenError::BaseUrl(error.to_string()))?;
        Ok(Self {
            client: Client::open(account, config, calls_per_minute)?,
            url,
            user: Secret::new(user),
            password: password.clone(),
            customer_key: customer_key.clone(),
            shared_secret: shared_secret.clone(),
            session: Mutex::new(None),
        })
    }

    /// The status of one document. A session that Tyr no longer takes is renewed once.
    pub(super) async fn status(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError> {
        let (mut session, is_kept) = self.session(now).await?;
        let mut told = self.ask(package, &session, is_kept, now).await;
        if is_kept && matches!(told, Err(FetchError::Refused(_))) {
            self.forget(&session).await;
            session = self.session(now).await?.0;
            told = self.ask(package, &session, false, now).await;
        }
        // A service that was away may have forgotten us; and the login is what tells that it is back.
        if matches!(told, Err(FetchError::Refused(_) | FetchError::Unavailable(_))) {
            self.forget(&session).await;
        }
        told
    }

    /// Makes sure that there is a session.
    pub(super) async fn log_in(&self, now: Timestamp) -> Result<(), FetchError> {
        self.session(now).await.map(drop)
    }

    /// The session, and whether it was there already.
    async fn session(&self, now: Timestamp) -> Result<(Session, bool), FetchError> {
        let mut kept = self.session.lock().await;
        // Both ways: a clock that was set back must not keep a session for ever.
        let lasts = |session: &&Session| now.since(session.since).saturating_abs() < SESSION_MS;
        if let Some(session) = kept.as_ref().filter(lasts) {
            return Ok((session.clone(), true));
        }
        let params = [self.user.expose(), self.password.expose()];
        let id = self
            .call("login", params, now, |reply| match answer(&reply)? {
                Ok(value) => {
                    single(&value).filter(|id| (1..=LONGEST_SESSION).contains(&id.len())).ok_or_else(|| {
                        FetchError::Unreadable("the answer to the login is not one session".to_owned())
                    })
                }
                Err(fault) => Err(FetchError::Refused(fault.sentence(&self.secrets()))),
            })
            .await?;
        let session = Session { id: Secret::new(id), since: now };
        Ok((kept.insert(session).clone(), false))
    }

    /// Drops a session, unless another call has replaced it since.
    async fn forget(&self, session: &Session) {
        let mut kept = self.session.lock().await;
        if kept.as_ref().is_some_and(|it| it.id.matches(session.id.expose().as_bytes())) {
            *kept = None;
        }
    }

    async fn ask(
        &self,
        package: &PackageId,
        session: &Session,
        is_kept: bool,
        now: Timestamp,
    ) -> Result<Fetched, FetchError> {
        // It makes two requests differ, and guards nothing: what nobody can guess is the shared secret.
        let nonce = format!("{:032x}", fastrand::u128(..));
        let seconds = now.0.div_euclid(1000);
        let (id, customer_key) = (session.id.expose(), self.customer_key.expose());
        let pass = format!("{id}:{seconds}:{nonce}:{customer_key}");
        self.call(STATUS, [&pass, package.as_str()], now, |reply| {
            let status = match answer(&reply)? {
                Ok(value) => single(&value).as_deref().and_then(status).ok_or_else(|| {
                    FetchError::Unreadable("the answer is not one of the statuses 1 to 4".to_owned())
                })?,
                Err(fault) => {
                    let sentence = fault.sentence(&[&self.secrets()[..], &[id]].concat());
                    // Who has just been let in is not refused by words alone: one odd document must not stop the others.
                    return Err(if fault.is_login_failed() || is_kept && fault.speaks_of_the_session() {
                        FetchError::Refused(sentence)
                    } else {
                        FetchError::Unreadable(sentence)
                    });
                }
            };
            let snapshot = Snapshot { status, status_only: true, ..Snapshot::default() };
            Ok(Fetched { answer: Answer::Shown(snapshot), date: reply.date })
        })
        .await
    }

    async fn call<T>(
        &self,
        method: &'static str,
        params: [&str; 2],
        now: Timestamp,
        read: impl FnOnce(Reply) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let params = params.map(|text| Value::String(text.to_owned())).into();
        let xml = MethodCall { name: Cow::Borrowed(method), params }
            .to_xml()
            .map_err(|_| FetchError::Unreadable("the question can't be written as XML".to_owned()))?;
        let signature = signature(&xml, &self.shared_secret);
        let request = self.client.http().post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "text/xml").header("X-SOSIGNATURE", signature).body(xml);
        self.client.call(request, now, read).await
    }

    /// What an error must not repeat.
    fn secrets(&self) -> [&str; 4] {
        [&self.user, &self.password, &self.customer_key, &self.shared_secret].map(Secret::expose)
    }
}

impl Fault {
    /// Reads the struct of a fault, in whatever order its two members come.
    fn read(value: Value) -> Option<Self> {
        let Value::Struct(mut members) = value else { return None };
        let code = members.remove("faultCode").as_ref().and_then(single);
        let text = members.remove("faultString").as_ref().and_then(single);
        let code = code.and_then(|code| code.parse().ok());
        (code.is_some() || text.is_some()).then(|| Self { code, text: text.unwrap_or_default() })
    }

    fn is_login_failed(&self) -> bool {
        self.code == Some(LOGIN_FAILED)
    }

    fn speaks_of_the_session(&self) -> bool {
        let text = self.text.to_ascii_lowercase();
        text.contains("login") || text.contains("session")
    }

    /// The code, and the text if it is made of plain words and repeats nothing of ours.
    fn sentence(&self, secrets: &[&str]) -> String {
        let code = self.code.map_or_else(|| "without a code".to_owned(), |code| code.to_string());
        let is_plain = self.text.chars().all(|it| it.is_ascii_alphabetic() || matches!(it, '_' | ' '));
        let repeats = secrets.iter().any(|secret| self.text.contains(secret));
        if self.text.is_empty() || self.text.len() > 80 || !is_plain || repeats {
            format!("fault {code}")
        } else {
            format!("fault {code}, {}", self.text)
        }
    }
}

/// The hex digest that Tyr checks a request by.
fn signature(xml: &str, shared_secret: &Secret) -> String {
    let digest = Sha256::new().chain_update(xml).chain_update(shared_secret.expose()).finalize();
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a reply returns, or the fault in it. The reader of XML goes no deeper than 128 levels.
fn answer(reply: &Reply) -> Result<Result<Value, Fault>, FetchError> {
    match reply.status {
        200..=299 => {}
        status @ (401 | 403) => return Err(FetchError::Refused(format!("it answers {status}"))),
        status => return Err(FetchError::Unavailable(format!("it answers {status}"))),
    }
    let unreadable = |why: &str| FetchError::Unreadable(why.to_owned());
    let text = std::str::from_utf8(&reply.body).map_err(|_| unreadable("not UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(response) = MethodResponse::from_xml(text) {
        return Ok(Ok(response.value));
    }
    // The crate's own reader of faults wants the two members in one order.
    let fault = text.split_once("<fault>").and_then(|(_, rest)| rest.split_once("</fault>"));
    let fault = fault.and_then(|(inner, _)| Value::from_xml(inner.trim()).ok()).and_then(Fault::read);
    fault.map(Err).ok_or_else(|| unreadable("no answer of XML-RPC"))
}

/// The one text or number that a value is, or holds and nothing beside it.
fn single(value: &Value) -> Option<String> {
    match value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Long(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Struct(members) if members.len() == 1 => members.values().next().and_then(single),
        Value::Array(items) if items.len() == 1 => items.first().and_then(single),
        _ => None,
    }
}

/// The codes are those of STATUS_CHANGE (state.md rule 21).
fn status(code: &str) -> Option<Status> {
    match code {
        "1" | "2" => Some(Status::Sent),
        "3" => Some(Status::Completed),
        "4" => Some(Status::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard, cut in two: SHA-256 of "abc".
    #[test]
    fn a_request_is_signed_together_with_the_secret() {
        let told = signature("ab", &Secret::new("c"));
        assert_eq!(told, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_fault_is_repeated_only_in_plain_words_that_are_not_ours() {
        let told =
            |code, text: &str| Fault { code, text: text.to_owned() }.sentence(&["hush", "ada@firm.example"]);
        assert_eq!(told(Some(102), "login_failed"), "fault 102, login_failed");
        assert_eq!(told(Some(-7), ""), "fault -7");
        for text in
            ["hush", "no such user ada@firm.example", "session 8b1f has ended", "<b>", &"a ".repeat(41)]
        {
            assert_eq!(told(None, text), "fault without a code", "{text}");
        }
    }

    #[test]
    fn one_value_counts_and_nothing_beside_it() {
        let one = |inner: &str| {
            let value = Value::from_xml(&format!("<value>{inner}</value>"));
            value.ok().as_ref().and_then(single).as_deref().and_then(status)
        };
        for inner in [
            "<int>3</int>",
            "<i4>3</i4>",
            "<i8>3</i8>",
            "3",
            "<string> 3\n</string>",
            "<array><data><value><int>3</int></value></data></array>",
            "<struct><member><name>status</name><value>3</value></member></struct>",
        ] {
            assert_eq!(one(inner), Some(Status::Completed), "{inner}");
        }
        for inner in [
            "",
            "<int>0</int>",
            "<int>5</int>",
            "<double>3</double>",
            "<boolean>1</boolean>",
            "<nil/>",
            "<base64>Mw==</base64>",
            "finished",
            "<array><data/></array>",
            "<array><data><value>3</value><value>3</value></data></array>",
            "<struct><member><name>a</name><value>3</value></member><member><name>b</name><value>x</value></member></struct>",
        ] {
            assert_eq!(one(inner), None, "{inner}");
        }
        assert_eq!(
            (status("1"), status("2"), status("4")),
            (Some(Status::Sent), Some(Status::Sent), Some(Status::Failed))
        );
    }
}
