//! Passwords: what one must be, how it is kept, and how it is compared without a hint to whoever guesses.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::OnceLock;
use tokio::sync::Semaphore;

/// Fewer characters are refused.
pub const LEAST: usize = 8;
/// So many are advised.
pub const ADVISED: usize = 15;
/// More bytes are refused, not cut off.
const MOST: usize = 256;
/// Each takes 19 MiB for a moment: a storm of sign-ins waits in line.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Why a password won't do; a sentence for whoever chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too short.
    #[error("A password has at least {LEAST} characters; {ADVISED} or more are better.")]
    Short,
    /// Too long.
    #[error("A password has at most {MOST} bytes.")]
    Long,
    /// Found in lists of common and leaked ones, or made of what everybody knows of the person.
    #[error(
        "That password is one of those that are guessed first. Take another, such as four words that don’t belong together."
    )]
    Common,
}

/// Looks whether a password will do for somebody.
///
/// # Errors
/// Why not.
pub fn judge(password: &str, email: &str) -> Result<(), Weak> {
    if password.chars().count() < LEAST {
        return Err(Weak::Short);
    }
    if password.len() > MOST {
        return Err(Weak::Long);
    }
    let known: Vec<&str> =
        email.split(['@', '.']).chain([email, "signboard"]).filter(|it| it.len() > 2).collect();
    let rest = known.iter().fold(password.to_lowercase(), |rest, it| rest.replace(&it.to_lowercase(), ""));
    // Two: guessed within a hundred million tries.
    let weak = zxcvbn::zxcvbn(password, &known).score() < zxcvbn::Score::Two;
    if weak || rest.chars().count() < 4 { Err(Weak::Common) } else { Ok(()) }
}

/// A password as it is kept: argon2id, by the crate's parameters, which are OWASP's (19 MiB, two passes, one lane).
///
/// # Errors
/// The system gives no randomness, or the board is stopping.
pub async fn hash(password: &str) -> Result<String, String> {
    let password = password.to_owned();
    with_room(move || {
        let hashed = Argon2::default().hash_password(password.as_bytes());
        hashed.map(|it| it.to_string()).map_err(|cause| format!("the password can't be kept: {cause}"))
    })
    .await?
}

/// Whether a password is the one that is kept. Where none is kept it takes as long, and is wrong.
pub async fn is_right(password: &str, kept: Option<&str>) -> bool {
    let (password, kept) = (password.to_owned(), kept.map(ToOwned::to_owned));
    let compared = with_room(move || {
        let somebody = kept.is_some();
        let kept = kept.as_deref().unwrap_or_else(|| nobodys());
        let is_equal =
            password.len() <= MOST && Argon2::default().verify_password(password.as_bytes(), kept).is_ok();
        is_equal && somebody
    });
    compared.await.unwrap_or(false)
}

/// A hash that no password has: for people who don't exist.
fn nobodys() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        Argon2::default().hash_password(b"nobody").map(|it| it.to_string()).unwrap_or_default()
    })
}

async fn with_room<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let stopping = "the board is stopping";
    let _room = AT_ONCE.acquire().await.map_err(|_| stopping)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| stopping.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_will_not_do() {
        let email = "asha.verma@example.com";
        for (password, wrong) in [
            ("short", Weak::Short),
            ("password123", Weak::Common),
            ("qwertyuiop", Weak::Common),
            ("asha.verma", Weak::Common),
            ("signboard1", Weak::Common),
        ] {
            assert_eq!(judge(password, email), Err(wrong), "{password}");
        }
        assert_eq!(judge(&"ä".repeat(129), email), Err(Weak::Long));
        for good in ["tailor prism otter nine", "käse und brot um sieben", "gV7#kq2Lw9"] {
            assert_eq!(judge(good, email), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_only_it_is_right() {
        let kept = hash("tailor prism otter nine").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_right("tailor prism otter nine", Some(&kept)).await);
        assert!(!is_right("tailor prism otter ten", Some(&kept)).await);
        assert!(!is_right("nobody", None).await, "not even the one that nobody has");
        assert!(!is_right("x", Some("no hash")).await);
    }
}
