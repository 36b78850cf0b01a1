//! Signing in by OpenID Connect: authorization code, PKCE, state and nonce, and asking later whether somebody is still to
//! come in. What is trusted is what the provider's published keys have signed, or what it says itself over TLS.
//!
//! Nothing that it sends stands in an error: neither tokens nor claims.

use super::told::{NO_TOKENS, at, check, is_for, is_verified, no_tokens, payload, roles, words_of};
use super::{FRESH_MS, LOOK_MS, STALE_MS, Wire};
use crate::config::{OidcConfig, Secret};
use crate::model::Timestamp;
use crate::provider::OpenError;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, NonceVerifier, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, SignatureVerificationError,
    TokenResponse as _, http,
};
use serde_json::Value;
use tokio::sync::Mutex;

/// After a failure the provider is left alone for so long.
const REST_MS: i64 = 5_000;

/// As OpenID Connect has it.
const LONGEST_SUBJECT: usize = 255;

pub(super) type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why nobody is let in by the identity provider.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdpError {
    /// It gives no answer that could be used.
    #[error("the identity provider can't be reached: {0}")]
    Unreachable(String),
    /// It says no: the code was used or is old, or somebody is not to come in any more.
    #[error("the identity provider says no")]
    No,
    /// What it says, or what somebody says in its name, can't be believed.
    #[error("what came in the name of the identity provider can't be believed: {0}")]
    Untrusted(&'static str),
}

/// A sign-in under way. None of it is ever told but to the browser that began it, sealed, and to the provider.
#[derive(Clone)]
pub struct Going {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shows that the code is ours.
    pub verifier: String,
}

impl std::fmt::Debug for Going {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Going(…)")
    }
}

/// Who somebody is, by the identity provider's word.
#[derive(Clone)]
pub struct Vouched {
    /// The provider's own, unchanging name for them.
    pub subject: String,
    /// Their mail address.
    pub email: Option<String>,
    /// Whether the provider has verified that it is theirs, if it says so.
    pub email_verified: Option<bool>,
    /// How they are called.
    pub name: Option<String>,
    /// The values of the claim that decides on the role.
    pub words: Vec<String>,
    /// With what it can be asked again; `None`: it gave nothing.
    pub refresh: Option<Secret>,
}

impl std::fmt::Debug for Vouched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vouched(…)")
    }
}

/// The identity provider.
pub struct Idp {
    config: OidcConfig,
    wire: Wire,
    known: Mutex<Known>,
}

impl std::fmt::Debug for Idp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idp").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What it has published, and when that was read.
#[derive(Default)]
struct Known {
    published: Option<(CoreProviderMetadata, Timestamp)>,
    failed: Option<(IdpError, Timestamp)>,
}

impl Idp {
    /// Sets the way to it up; nothing is sent.
    ///
    /// # Errors
    /// A proxy or a certificate authority that can't be used.
    pub fn open(config: &OidcConfig) -> Result<Self, OpenError> {
        let wire = Wire::open(&config.issuer, config.proxy.as_deref(), config.ca_file.as_deref())?;
        Ok(Self { config: config.clone(), wire, known: Mutex::default() })
    }

    /// Reads what it publishes.
    ///
    /// # Errors
    /// It can't be reached, or publishes something else.
    pub async fn ask(&self, now: Timestamp) -> Result<(), IdpError> {
        self.published(now, false).await.map(|_| ())
    }

    /// Where a browser is sent to sign in, and what has to come back.
    ///
    /// # Errors
    /// It can't be reached.
    pub async fn begin(&self, back: &str, now: Timestamp) -> Result<(String, Going), IdpError> {
        let client = self.client(self.published(now, false).await?, back)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in &self.config.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let going = Going {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((url.into(), going))
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn finish(
        &self,
        going: &Going,
        code: &str,
        back: &str,
        now: Timestamp,
    ) -> Result<Vouched, IdpError> {
        let client = self.client(self.published(now, false).await?, back)?;
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|_| NO_TOKENS)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(going.verifier.clone()));
        let tokens = request.request_async(&self.wire).await.map_err(|error| no_tokens(&error))?;
        let nonce = Nonce::new(going.nonce.clone());
        self.read(&tokens, client, |said| (&nonce).verify(said), back, now).await
    }

    /// Whether the provider still vouches for somebody, and what it says of them now.
    ///
    /// # Errors
    /// [`IdpError::No`] when it doesn't; anything else tells nothing of them.
    pub async fn again(&self, subject: &str, refresh: &str, now: Timestamp) -> Result<Vouched, IdpError> {
        // Nobody is led anywhere by this, so no address to come back to is needed.
        let client = self.client(self.published(now, false).await?, &self.config.issuer)?;
        let refresh = RefreshToken::new(refresh.to_owned());
        let request = client.exchange_refresh_token(&refresh).map_err(|_| NO_TOKENS)?;
        let tokens = request.request_async(&self.wire).await.map_err(|error| no_tokens(&error))?;
        let mut vouched = if tokens.id_token().is_some() {
            self.read(&tokens, client, |_| Ok(()), &self.config.issuer, now).await?
        } else {
            // A provider may leave the token out here; then it has to be asked who that is.
            let claims = self.user_info(&client, tokens.access_token(), subject).await?;
            self.vouched(subject, &claims, &tokens)
        };
        if vouched.subject != subject {
            return Err(IdpError::Untrusted("it names somebody else"));
        }
        // One that is not replaced stays good.
        vouched.refresh.get_or_insert_with(|| Secret::new(refresh.secret().clone()));
        Ok(vouched)
    }

    async fn read(
        &self,
        tokens: &CoreTokenResponse,
        mut client: Client,
        nonce: impl Fn(Option<&Nonce>) -> Result<(), String>,
        back: &str,
        now: Timestamp,
    ) -> Result<Vouched, IdpError> {
        let token = tokens.id_token().ok_or(IdpError::Untrusted("there is no ID token"))?;
        let mut checked = check(&client, token, &nonce, now);
        if let Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
        )) = checked
        {
            // It may have begun to sign with another key since we looked.
            client = self.client(self.published(now, true).await?, back)?;
            checked = check(&client, token, &nonce, now);
        }
        let subject = checked.map_err(|why| IdpError::Untrusted(words_of(&why)))?;
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(IdpError::Untrusted("its token names nobody"));
        }
        let mut claims = payload(token).ok_or(IdpError::Untrusted("its token can't be read"))?;
        if !is_for(&claims, &self.config.client_id) {
            return Err(IdpError::Untrusted("its token was made for somebody else"));
        }
        let misses = |claim: &str| at(&claims, claim).is_none_or(Value::is_null);
        let tells_more = client.user_info_url().is_some();
        if tells_more && (misses(&self.config.role_claim) || misses(&self.config.email_claim)) {
            // Some tell these only when asked; what stands in the token counts more.
            let more = match self.user_info(&client, tokens.access_token(), &subject).await {
                // It doesn't tell more.
                Err(IdpError::No) => Value::Null,
                // Nobody loses a role because the provider falters.
                more => more?,
            };
            for (key, value) in more.as_object().into_iter().flatten() {
                if let Some(known) =
                    claims.as_object_mut().filter(|it| it.get(key).is_none_or(Value::is_null))
                {
                    known.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(self.vouched(&subject, &claims, tokens))
    }

    fn vouched(&self, subject: &str, claims: &Value, tokens: &CoreTokenResponse) -> Vouched {
        let text = |claim: &str| at(claims, claim).and_then(Value::as_str).map(str::to_owned);
        Vouched {
            subject: subject.to_owned(),
            email: text(&self.config.email_claim),
            email_verified: is_verified(claims, &self.config.email_claim),
            name: text("name"),
            words: roles(claims, &self.config.role_claim),
            refresh: tokens.refresh_token().map(|it| Secret::new(it.secret().clone())),
        }
    }

    /// What the provider says when asked about the token's owner.
    async fn user_info(
        &self,
        client: &Client,
        token: &AccessToken,
        subject: &str,
    ) -> Result<Value, IdpError> {
        let url = client.user_info_url().ok_or(IdpError::Untrusted("it can't be asked about people"))?;
        let request = http::Request::get(url.as_str())
            .header("authorization", format!("Bearer {}", token.secret()))
            .header("accept", "application/json")
            .body(Vec::new())
            .map_err(|_| IdpError::Untrusted("its access token can't be sent"))?;
        let answer = self.wire.send(request).await.map_err(|why| IdpError::Unreachable(why.to_string()))?;
        match answer.status().as_u16() {
            200 => {}
            401 | 403 => return Err(IdpError::No),
            other => return Err(IdpError::Unreachable(format!("it answers {other}"))),
        }
        let claims: Value = serde_json::from_slice(answer.body())
            .map_err(|_| IdpError::Untrusted("what it says of somebody is no JSON"))?;
        if claims.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(IdpError::Untrusted("it speaks of somebody else"));
        }
        Ok(claims)
    }

    fn client(&self, published: CoreProviderMetadata, back: &str) -> Result<Client, IdpError> {
        let back = RedirectUrl::new(back.to_owned())
            .map_err(|_| IdpError::Untrusted("the address to come back to is none"))?;
        let ways = published.token_endpoint_auth_methods_supported();
        let by_form = ways.is_some_and(|all| {
            all.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !all.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let secret = ClientSecret::new(self.config.client_secret.expose().to_owned());
        let id = ClientId::new(self.config.client_id.clone());
        let client = CoreClient::from_provider_metadata(published, id, Some(secret)).set_redirect_uri(back);
        Ok(client.set_auth_type(if by_form { AuthType::RequestBody } else { AuthType::BasicAuth }))
    }

    /// What the provider has published: as it was read within the hour, or, where something `newer` is needed, within
    /// the minute; while it can't be reached, within the day.
    async fn published(&self, now: Timestamp, newer: bool) -> Result<CoreProviderMetadata, IdpError> {
        let mut known = self.known.lock().await;
        let lasts = if newer { LOOK_MS } else { FRESH_MS };
        let within = |at: Timestamp, ms: i64| (0..ms).contains(&now.since(at));
        if let Some((published, at)) = &known.published
            && within(*at, lasts)
        {
            return Ok(published.clone());
        }
        let failed = match known.failed.as_ref().filter(|(_, at)| within(*at, REST_MS)) {
            Some((error, _)) => error.clone(),
            None => {
                let issuer = IssuerUrl::new(self.config.issuer.clone())
                    .map_err(|_| IdpError::Untrusted("its issuer is no address"))?;
                match CoreProviderMetadata::discover_async(issuer, &self.wire).await {
                    Ok(published) => {
                        known.failed = None;
                        known.published = Some((published.clone(), now));
                        return Ok(published);
                    }
                    Err(error) => {
                        let why = match error {
                            openidconnect::DiscoveryError::Request(why) => why.to_string(),
                            openidconnect::DiscoveryError::Response(status, ..) => {
                                format!("it answers {} where it should describe itself", status.as_u16())
                            }
                            openidconnect::DiscoveryError::Validation(_) => {
                                "it calls itself otherwise than `issuer` in the configuration".to_owned()
                            }
                            _ => "how it describes itself can't be read".to_owned(),
                        };
                        let error = IdpError::Unreachable(why);
                        known.failed = Some((error.clone(), now));
                        error
                    }
                }
            }
        };
        match &known.published {
            Some((published, at)) if !newer && within(*at, STALE_MS) => Ok(published.clone()),
            _ => Err(failed),
        }
    }
}
