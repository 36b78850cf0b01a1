//! WebSignatureOffice's web service "Tyr": XML-RPC by POST. Whatever goes wrong, HTTP answers 200 with a fault inside; what
//! a method returns is not documented, and a guess here.

use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::super::websignatureoffice;
use super::Desk;

pub(super) fn routes(scope: &mut ServiceConfig) -> &mut ServiceConfig {
    scope.route("/tyrservice", web::post().to(call))
}

/// A session lasts so long.
const SESSION: i64 = 20 * 60_000;

async fn call(desk: Data<Desk>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let signature = Sha256::new().chain_update(&body).chain_update(&desk.account.shared_secret).finalize();
    let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let told = request.headers().get("x-sosignature").and_then(|value| value.to_str().ok());
    if told != Some(signature.as_str()) {
        return fault(101, "signature_invalid");
    }
    let Ok(xml) = std::str::from_utf8(&body) else { return fault(1, "no_xml") };
    let method = texts(xml, "methodName").pop().unwrap_or_default();
    let params = texts(xml, "value");
    let params: Vec<&str> = params.iter().map(String::as_str).collect();
    match (method.as_str(), params.as_slice()) {
        ("login", [_, password]) => desk.log_in(password),
        ("getDocumentSignatureRequestStatus", [session, document]) => desk.status(session, document),
        _ => fault(2, "no_such_method"),
    }
}

/// An answer that says why there is none.
pub(super) fn fault(code: u16, word: &str) -> HttpResponse {
    let member =
        |name: &str, value: &str| format!("<member><name>{name}</name><value>{value}</value></member>");
    let code = member("faultCode", &format!("<int>{code}</int>"));
    let word = member("faultString", &format!("<string>{word}</string>"));
    answer(&format!("<fault><value><struct>{code}{word}</struct></value></fault>"))
}

/// The fault of a login that failed.
pub(super) fn login_failed() -> HttpResponse {
    fault(102, "login_failed")
}

impl Desk {
    fn log_in(&self, password: &str) -> HttpResponse {
        if password != self.account.api_key {
            return login_failed();
        }
        let now = self.clock.millis();
        let session = self.tokens.issue(now, now + SESSION);
        returned(&format!("<string>{session}</string>"))
    }

    /// `session` is `session id:unix time:nonce:customer key`.
    fn status(&self, session: &str, document: &str) -> HttpResponse {
        let parts: Vec<&str> = session.split(':').collect();
        let [id, time, nonce, customer] = parts.as_slice() else { return fault(103, "session_invalid") };
        let good = time.parse::<i64>().is_ok() && !nonce.is_empty() && *customer == self.account.api_key;
        if !good || !self.tokens.is_good(id, &self.faults, self.clock.millis()) {
            return fault(103, "session_invalid");
        }
        let world = self.world.lock();
        let package = world.package(&self.account.id, document);
        match package.filter(|package| !self.faults.hides(&package.id)) {
            Some(package) => returned(&format!("<int>{}</int>", websignatureoffice::code(package))),
            None => fault(200, "document_not_found"),
        }
    }
}

fn returned(value: &str) -> HttpResponse {
    answer(&format!("<params><param><value>{value}</value></param></params>"))
}

fn answer(inner: &str) -> HttpResponse {
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodResponse>{inner}</methodResponse>");
    HttpResponse::Ok().content_type("text/xml").body(xml)
}

/// The text in each element of that name, without the tags in it.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside =
        xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(inside, _)| inside);
    let plain = |inside: &str| {
        let pieces = inside.split('<').enumerate();
        let pieces = pieces.map(|(place, piece)| match piece.split_once('>') {
            Some((_, text)) if place > 0 => text,
            _ => piece,
        });
        let text: String = pieces.collect();
        // `&amp;` last, or what it escapes would be taken for an escape.
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
            .iter()
            .fold(text.trim().to_owned(), |text, (escape, sign)| text.replace(escape, sign))
    };
    inside.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn texts_are_read_with_and_without_a_type() {
        let xml = "<methodCall><methodName>login</methodName><params><param><value><string>a&amp;lt;b</string></value>\
                   </param><param><value> plain </value></param></params></methodCall>";
        assert_eq!(texts(xml, "methodName"), ["login"]);
        assert_eq!(texts(xml, "value"), ["a&lt;b", "plain"]);
    }
}
