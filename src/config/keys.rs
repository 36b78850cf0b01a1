//! Secrets of callbacks that `signboard register --rotate` made: one file in the data folder, which wins over the
//! configuration. Only the board that holds the folder writes it.
//!
//! It is replaced whole and on disk before anybody hears of a new secret, so a crash leaves the old file or the new one.
//! Nothing said of it repeats what stands in it.

use super::{AccountConfig, CallbackAuth, Config, Secret};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Its name in the data folder.
const FILE: &str = "keys.toml";
const NEW_FILE: &str = "keys.toml.new";
/// A few lines for each account.
const MOST_BYTES: u64 = 1024 * 1024;
const HEAD: &str = "# Secrets of callbacks that `signboard register ACCOUNT --rotate` made. They win over the \
                    configuration.\n# Whoever reads this can send callbacks to the board: keep it to its owner.\n";

/// The secrets that were made, by account.
#[derive(Debug, Clone, Default)]
pub struct Keys(pub BTreeMap<String, AccountKeys>);

/// One account's.
#[derive(Debug, Clone)]
pub struct AccountKeys {
    /// What of the account they are.
    pub of: Rotates,
    /// The one in use; `None`: the configuration's.
    pub current: Option<MadeSecret>,
    /// The one that follows, while both are taken.
    pub next: Option<MadeSecret>,
    /// When the provider took the one that follows, in milliseconds.
    pub registered_at: Option<i64>,
}

/// A secret and when it was made, in milliseconds, by which it is known wherever it must not be seen.
#[derive(Debug, Clone)]
pub struct MadeSecret {
    /// The secret.
    pub secret: Secret,
    /// When it was made.
    pub made_at: i64,
}

/// What of an account is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotates {
    /// The key, password or token in the header.
    Secret,
    /// The last part of the callback address.
    PathToken,
}

/// How an account's rotation stands; no secret is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// What is rotated.
    pub of: Rotates,
    /// When the one in use was made; 0: it stands in the configuration.
    pub current_made: i64,
    /// When the one that follows was made.
    pub next_made: Option<i64>,
    /// When the provider took the one that follows.
    pub registered_at: Option<i64>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Others could send callbacks.
    #[error("{0} can be read by others than its owner, so its secrets are none; run: chmod 600 {0}")]
    Open(String),
    /// The system says no.
    #[error("{0} can't be {1}: {2}")]
    Io(String, &'static str, std::io::Error),
    /// Nobody but the board writes it.
    #[error("{0} is not as the board writes it ({1}); put that right, or take the account's table out of it")]
    Meaning(String, String),
}

impl Keys {
    /// Where the file is.
    #[must_use]
    pub fn path(data: &Path) -> PathBuf {
        data.join(FILE)
    }

    /// Reads it; none is an empty one.
    ///
    /// # Errors
    /// It can be read by others, can't be read by us, or isn't as it should be.
    pub fn read(data: &Path) -> Result<Self, KeysError> {
        let path = Self::path(data);
        let name = || path.display().to_string();
        let io = |cause| KeysError::Io(name(), "read", cause);
        let file = match File::open(&path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            file => file.map_err(io)?,
        };
        if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(KeysError::Open(name()));
        }
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(io)?;
        // An error of the parser quotes the line, and a secret stands on it.
        let table: Table =
            text.parse().map_err(|_| KeysError::Meaning(name(), "it is not TOML".to_owned()))?;
        let account = |(id, value): (&String, &Value)| {
            let keys =
                account_of(value).map_err(|what| KeysError::Meaning(name(), format!("{id}: {what}")))?;
            Ok((id.clone(), keys))
        };
        table.iter().map(account).collect::<Result<_, _>>().map(Self)
    }

    /// Replaces the file. When this returns well, all of it is on disk.
    ///
    /// # Errors
    /// What the system said; the old file stays then.
    pub fn save(&self, data: &Path) -> Result<(), KeysError> {
        let (path, new) = (Self::path(data), data.join(NEW_FILE));
        let io = |cause| KeysError::Io(path.display().to_string(), "written", cause);
        // What a crash left may not be ours alone; a file that we make is.
        match std::fs::remove_file(&new) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(io(cause)),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(io)?;
        file.write_all(self.text().as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        // Whoever runs the board reads it, also after an administrator has run a command.
        let owner = std::fs::metadata(data).map_err(io)?;
        if file.metadata().map_err(io)?.uid() != owner.uid() {
            chown(&new, Some(owner.uid()), Some(owner.gid())).map_err(io)?;
        }
        std::fs::rename(&new, &path).map_err(io)?;
        File::open(data).and_then(|folder| folder.sync_all()).map_err(io)
    }

    /// What counts, or doesn't, in sentences for whoever looks the configuration over.
    #[must_use]
    pub fn notes(&self, config: &Config) -> Vec<String> {
        let path = Self::path(&config.server.data);
        let file = path.display();
        let note = |(id, keys): (&String, &AccountKeys)| {
            let Some(account) = config.accounts.get(id) else {
                return format!(
                    "{file} has secrets of {id:?}, and no account is called so; they count for nothing"
                );
            };
            if !keys.fits(account) {
                return format!(
                    "{file} has a {} of accounts.{id}, and its callback asks for none; it counts for nothing",
                    keys.of.word()
                );
            }
            let (what, place) = (keys.of.word(), format!("accounts.{id}.callback"));
            let next = "a new one beside it, made by a rotation that isn't finished";
            match (&keys.current, &keys.next) {
                (Some(_), None) => format!("{place}: the {what} in {file} counts, not the configured one"),
                (Some(_), Some(_)) => {
                    format!("{place}: the {what} in {file} counts, not the configured one; and {next}")
                }
                (None, Some(_)) => format!("{place}: the configured {what} counts; and, in {file}, {next}"),
                (None, None) => format!("{place}: the configured {what} counts"),
            }
        };
        self.0.iter().map(note).collect()
    }

    fn text(&self) -> String {
        let mut table = Table::new();
        for (id, keys) in &self.0 {
            let mut of = Table::new();
            of.insert("of".to_owned(), Value::from(keys.of.word()));
            for (name, made) in [("current", &keys.current), ("next", &keys.next)] {
                if let Some(MadeSecret { secret, made_at }) = made {
                    of.insert(name.to_owned(), Value::from(secret.expose()));
                    of.insert(format!("{name}-made"), Value::from(*made_at));
                }
            }
            of.extend(keys.registered_at.map(|at| ("next-registered".to_owned(), Value::from(at))));
            table.insert(id.clone(), Value::Table(of));
        }
        format!("{HEAD}\n{table}")
    }
}

/// One account's table. What is wrong with it is said without its values.
fn account_of(value: &Value) -> Result<AccountKeys, String> {
    const KNOWN: [&str; 6] = ["of", "current", "current-made", "next", "next-made", "next-registered"];
    let table = value.as_table().ok_or("it is no table")?;
    if let Some(odd) = table.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!("unknown key {odd:?}"));
    }
    let made = |name: &str| {
        let (secret, made_at) = (table.get(name), table.get(&format!("{name}-made")));
        match (secret.map(Value::as_str), made_at.map(Value::as_integer)) {
            (None, None) => Ok(None),
            (Some(Some(secret)), Some(Some(made_at))) if made_at > 0 && is_sound(secret) => {
                Ok(Some(MadeSecret { secret: Secret::new(secret), made_at }))
            }
            _ => Err(format!(
                "`{name}` and `{name}-made` belong together: 16 or more letters, digits and - _ . ~, and a number"
            )),
        }
    };
    let of = [Rotates::Secret, Rotates::PathToken].into_iter();
    let said = table.get("of").and_then(Value::as_str);
    let of = of.into_iter().find(|it| said == Some(it.word()));
    Ok(AccountKeys {
        of: of.ok_or("`of` is neither \"secret\" nor \"path token\"")?,
        current: made("current")?,
        next: made("next")?,
        registered_at: table.get("next-registered").and_then(Value::as_integer),
    })
}

/// An empty one would let everybody in, and one with a blank or a comma can't be sent by everybody.
fn is_sound(secret: &str) -> bool {
    secret.len() >= 16 && secret.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.~".contains(&it))
}

impl AccountKeys {
    /// Whether the account asks callbacks for such a secret.
    fn fits(&self, account: &AccountConfig) -> bool {
        Rotates::of(account) == Ok(self.of)
    }

    fn rotation(&self) -> Rotation {
        Rotation {
            of: self.of,
            current_made: self.current.as_ref().map_or(0, |it| it.made_at),
            next_made: self.next.as_ref().map(|it| it.made_at),
            registered_at: self.registered_at,
        }
    }
}

impl Rotation {
    /// When the secret was made that a callback carried: whether its header had the one that follows, and whether its
    /// address had. 0: it stands in the configuration.
    #[must_use]
    pub fn made(&self, next_in_header: bool, next_in_path: bool) -> i64 {
        let is_next = match self.of {
            Rotates::Secret => next_in_header,
            Rotates::PathToken => next_in_path,
        };
        self.next_made.filter(|_| is_next).unwrap_or(self.current_made)
    }
}

impl Rotates {
    /// What of an account can be rotated: what is sent in a header, else what stands in the address.
    ///
    /// # Errors
    /// Why nothing can.
    pub fn of(account: &AccountConfig) -> Result<Self, &'static str> {
        match &account.callback {
            CallbackAuth::Key { .. } | CallbackAuth::Basic { .. } | CallbackAuth::Bearer { .. } => {
                Ok(Self::Secret)
            }
            _ if account.path_token.is_some() => Ok(Self::PathToken),
            CallbackAuth::Headers(_) => Err(
                "its headers stand in the configuration alone, and only a person can set them at the provider; change \
                 them at both ends, or give the account a path-token, which can be rotated",
            ),
            CallbackAuth::Signed { .. } => Err(
                "its callbacks are signed with the provider's own key, and no secret is sent that could be changed; give \
                 the account a path-token, which can be rotated",
            ),
            CallbackAuth::OAuth2 { .. } => Err(
                "its tokens come from your own authorization server, which gives out new ones by itself; give the account a \
                 path-token, which can be rotated",
            ),
            CallbackAuth::None => {
                Err("its callbacks carry no secret; give the account a path-token, or another auth")
            }
        }
    }

    /// How it is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::PathToken => "path token",
        }
    }
}

impl Config {
    /// This configuration with what `keys` has in place of its own secrets.
    #[must_use]
    pub fn with_keys(&self, keys: &Keys) -> Self {
        let mut config = self.clone();
        for (id, keys) in &keys.0 {
            if let Some(account) = config.accounts.get_mut(id).filter(|it| keys.fits(it)) {
                account.take(keys);
            }
        }
        config
    }
}

impl AccountConfig {
    fn take(&mut self, keys: &AccountKeys) {
        let secret = |made: &Option<MadeSecret>| made.as_ref().map(|it| it.secret.clone());
        let (current, next) = (secret(&keys.current), secret(&keys.next));
        self.rotation = Some(keys.rotation());
        match (keys.of, &mut self.callback) {
            (Rotates::PathToken, _) => {
                self.path_token = current.or(self.path_token.take());
                self.next_path_token = next;
            }
            (
                Rotates::Secret,
                CallbackAuth::Key { key: held, next: following }
                | CallbackAuth::Basic { password: held, next: following, .. }
                | CallbackAuth::Bearer { token: held, next: following },
            ) => {
                if let Some(current) = current {
                    *held = current;
                }
                *following = next;
            }
            (
                Rotates::Secret,
                CallbackAuth::Headers(_)
                | CallbackAuth::Signed { .. }
                | CallbackAuth::OAuth2 { .. }
                | CallbackAuth::None,
            ) => {}
        }
    }

    /// The token to give away in the address: the one that follows, once there is one.
    #[must_use]
    pub fn newest_path_token(&self) -> Option<&Secret> {
        self.next_path_token.as_ref().or(self.path_token.as_ref())
    }
}
