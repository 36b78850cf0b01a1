//! Tokens: asked for once, kept, replaced before they run out and once when refused.

use super::{NOW, id};
use crate::wire::account;
use crate::wire::fake::{Asked, Fake};
use actix_web::HttpResponse;
use serde_json::json;
use signboard::config::{ApiAuth, ApiConfig, ProviderKind, Secret};
use signboard::provider::{FetchError, Provider};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn client_auth(fake: &Fake, sender_email: Option<&str>) -> ApiAuth {
    ApiAuth::Client {
        client_id: "the-client".to_owned(),
        secret: Secret::new("hush"),
        sender_email: sender_email.map(str::to_owned),
        token_url: format!("{}/apitoken/clientApp/accessToken", fake.url),
    }
}

fn oauth(fake: &Fake) -> ApiAuth {
    ApiAuth::OAuth2 {
        token_url: format!("{}/oauth2/token", fake.url),
        client_id: "the-client".to_owned(),
        client_secret: Secret::new("hush"),
        scope: Some("sign".to_owned()),
    }
}

fn opened(kind: ProviderKind, fake: &Fake, auth: ApiAuth, calls_per_minute: u32) -> Arc<dyn Provider> {
    let api =
        ApiConfig { base_url: format!("{}/api", fake.url), auth, proxy: None, ca_file: None, cache: false };
    account(kind, Some(api), calls_per_minute)
}

/// Gives numbered tokens that live five minutes; a package call is answered by `package`.
fn issuer(package: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Fake {
    let issued = AtomicU32::new(0);
    Fake::start(move |asked| {
        if !asked.what.contains("oken") {
            return package(asked);
        }
        let token = format!("t{}", issued.fetch_add(1, Ordering::SeqCst) + 1);
        HttpResponse::Ok().json(json!({
            "accessToken": token, "expiresAt": NOW.0 + 300_000, "access_token": token, "expires_in": "300",
        }))
    })
}

fn gone(_: &Asked) -> HttpResponse {
    HttpResponse::NotFound().finish()
}

#[tokio::test]
async fn a_client_token_is_asked_for_as_onespan_wants_it() {
    let fake = issuer(gone);
    let provider = opened(ProviderKind::OneSpan, &fake, client_auth(&fake, None), 60);
    assert!(provider.fetch(&id("p"), NOW).await.is_ok());
    let provider = opened(ProviderKind::OneSpan, &fake, client_auth(&fake, Some("jo@example.org")), 60);
    assert!(provider.fetch(&id("p"), NOW).await.is_ok());
    let asked = fake.asked();
    assert_eq!(asked[0].what, "POST /apitoken/clientApp/accessToken");
    assert_eq!(asked[0].body, r#"{"clientId":"the-client","secret":"hush","type":"OWNER"}"#);
    assert_eq!(asked[1].header("authorization"), "Bearer t1");
    assert_eq!(
        asked[2].body,
        r#"{"clientId":"the-client","secret":"hush","type":"SENDER","email":"jo@example.org"}"#
    );
}

#[tokio::test]
async fn an_oauth_client_names_itself_where_the_service_looks() {
    let fake = issuer(gone);
    assert!(opened(ProviderKind::OneSpan, &fake, oauth(&fake), 60).fetch(&id("p"), NOW).await.is_ok());
    assert!(opened(ProviderKind::Conga, &fake, oauth(&fake), 60).fetch(&id("p="), NOW).await.is_ok());
    let asked = fake.asked();
    assert_eq!(asked[0].header("authorization"), "Basic dGhlLWNsaWVudDpodXNo");
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=sign");
    assert_eq!(asked[0].header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(asked[2].header("authorization"), "");
    assert_eq!(
        asked[2].body,
        "grant_type=client_credentials&scope=sign&client_id=the-client&client_secret=hush"
    );
    assert_eq!(
        (asked[3].what.as_str(), asked[3].header("authorization")),
        ("GET /api/v1/cs-packages/p%3D", "Bearer t2")
    );
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    for auth in [client_auth as fn(&Fake, Option<&str>) -> ApiAuth, |fake, _| oauth(fake)] {
        let fake = issuer(gone);
        let provider = opened(ProviderKind::OneSpan, &fake, auth(&fake, None), 60);
        for at in [0, 100_000, 239_999] {
            assert!(provider.fetch(&id("p"), NOW.plus(at)).await.is_ok());
        }
        assert_eq!(fake.count("POST"), 1);
        assert!(provider.fetch(&id("p"), NOW.plus(240_000)).await.is_ok());
        assert_eq!(fake.count("POST"), 2);
        assert_eq!(fake.asked().last().unwrap().header("authorization"), "Bearer t2");
    }
}

#[tokio::test]
async fn many_at_once_ask_for_one_token() {
    let fake = issuer(gone);
    let provider = opened(ProviderKind::OneSpan, &fake, oauth(&fake), 60);
    let calls = (0..8).map(|_| {
        let provider = provider.clone();
        tokio::spawn(async move { provider.fetch(&id("p"), NOW).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!((fake.count("POST"), fake.count("GET")), (1, 8));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let fake = issuer(|asked| match asked.header("authorization") {
        "Bearer t1" => HttpResponse::Unauthorized().finish(),
        _ => HttpResponse::NotFound().finish(),
    });
    let provider = opened(ProviderKind::OneSpan, &fake, oauth(&fake), 60);
    assert!(provider.fetch(&id("p"), NOW).await.is_ok());
    assert!(provider.fetch(&id("p"), NOW).await.is_ok());
    assert_eq!((fake.count("POST"), fake.count("GET")), (2, 3));

    let fake = issuer(|_| HttpResponse::Unauthorized().finish());
    let provider = opened(ProviderKind::OneSpan, &fake, oauth(&fake), 60);
    assert!(matches!(provider.fetch(&id("p"), NOW).await, Err(FetchError::Refused(_))));
    assert_eq!((fake.count("POST"), fake.count("GET")), (2, 2));
}

#[tokio::test]
async fn no_token_to_be_had() {
    for (code, body, refused) in
        [(401, "", true), (400, "{\"error\":\"invalid_client\"}", true), (500, "", false), (200, "{}", false)]
    {
        let fake = Fake::start(move |_| HttpResponse::build(code.try_into().unwrap()).body(body));
        let provider = opened(ProviderKind::OneSpan, &fake, oauth(&fake), 60);
        let told = provider.fetch(&id("p"), NOW).await.unwrap_err();
        assert_eq!(matches!(told, FetchError::Refused(_)), refused, "{told}");
        assert!(!told.to_string().contains("hush"));
        assert_eq!((fake.count("POST"), fake.count("GET")), (1, 0));
    }
}

#[tokio::test]
async fn tokens_are_paid_from_the_same_budget() {
    let fake = issuer(gone);
    let provider = opened(ProviderKind::OneSpan, &fake, oauth(&fake), 2);
    assert!(provider.fetch(&id("p"), NOW).await.is_ok());
    assert!(matches!(provider.fetch(&id("p"), NOW).await, Err(FetchError::Full(_))));
    assert_eq!(fake.asked().len(), 2);
}
