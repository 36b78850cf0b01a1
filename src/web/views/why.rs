//! "Why is this Sent?": the fact that decided it, what speaks against it, and what the provider's API said.

use super::time::{Zone, rfc3339, stamp};
use crate::model::fold::ANSWER_NAME;
use crate::model::{Doubt, DoubtKind, Origin, Package, Timestamp};

/// The whole reason in one sentence, its times in `zone`.
pub(super) fn sentence(package: &Package, zone: &Zone) -> String {
    let mut parts = vec![decided(package, zone)];
    if package.trashed {
        parts.push("it lies in the trash".to_owned());
    }
    if package.gone {
        parts.push("the provider has removed it since it ended".to_owned());
    }
    if package.doubts.is_empty() {
        parts.push("nothing speaks against it".to_owned());
    }
    parts.extend(doubts(package, zone));
    parts.extend(confirmed(package, zone));
    if package.too_many_facts {
        parts.push(
            "there are too many events, so that the newest ones are kept but not counted in".to_owned(),
        );
    }
    let timed = package.decided.is_some() || package.confirmed_at.is_some() || !package.doubts.is_empty();
    let label = if timed { format!(" (times in {})", zone.name()) } else { String::new() };
    format!("{}{label}.", parts.join("; "))
}

/// The first doubt of each kind, and how many more there are of it: a whole package may be unverified.
fn doubts(package: &Package, zone: &Zone) -> Vec<String> {
    let of = |kind: DoubtKind| {
        let mut alike = package.doubts.iter().filter(|it| it.kind == kind);
        let said = doubt(alike.next()?, zone);
        Some(match alike.count() {
            0 => said,
            1 => format!("{said}, and so with one more"),
            more => format!("{said}, and so with {} more", super::words::number(more as u64)),
        })
    };
    DoubtKind::ALL.into_iter().filter_map(of).collect()
}

/// What contradicts, or had to be inferred, and from which fact.
pub(super) fn doubt(doubt: &Doubt, zone: &Zone) -> String {
    let (name, at) = (super::words::shown(&doubt.name), stamp(doubt.at, zone));
    let fact = format!("{name} of {at}");
    match doubt.kind {
        DoubtKind::SentInferred => {
            format!("{fact} can only follow the sending, which nothing had told before it")
        }
        DoubtKind::OppositesAtOnce => format!("{fact} came with its opposite at the same millisecond"),
        DoubtKind::TwoEnds => format!("{fact} tells a second, different end"),
        DoubtKind::AbsurdClock => {
            format!(
                "{name} carries a time in the future and is placed at its receipt, {}",
                stamp(doubt.received_at, zone)
            )
        }
        DoubtKind::Untimed => {
            format!(
                "{name}, received {}, carries no time, so what it changes can’t be told",
                stamp(doubt.received_at, zone)
            )
        }
        DoubtKind::AfterDeletion => format!("{fact} happened after the deletion"),
        DoubtKind::AgainstAnswer => {
            format!("{fact} contradicts what the API and the callbacks said within two seconds of it")
        }
        DoubtKind::CompletedInferred => {
            format!("{fact} can only follow the last signature, which nothing had told before it")
        }
        DoubtKind::Unverified => {
            format!("{fact} came without a signature, so nothing vouches for its sender")
        }
    }
}

fn decided(package: &Package, zone: &Zone) -> String {
    let status = package.status.title();
    let Some(decided) = &package.decided else {
        return format!("{status}, since nothing has told of any other status");
    };
    let name = super::words::shown(&decided.name);
    if decided.name == ANSWER_NAME {
        let at = stamp(decided.happened_at.unwrap_or(decided.received_at), zone);
        return format!("{status}, since the provider’s API said so on {at}");
    }
    let fact = match decided.happened_at {
        Some(at) if is_printable(at, decided.received_at) => format!("“{name}” of {}", stamp(at, zone)),
        Some(_) | None => format!("“{name}”, received {}", stamp(decided.received_at, zone)),
    };
    let told = match decided.origin {
        Origin::Callback => "told by callback",
        Origin::Poll => "found by asking the API",
        Origin::Hand => "entered by hand",
    };
    if decided.inferred {
        format!("{status}, which follows from {fact}, {told}")
    } else {
        format!("{status}, since {fact}, {told}")
    }
}

/// An absurd time is not repeated as if it were one.
fn is_printable(at: Timestamp, received: Timestamp) -> bool {
    at <= received.plus(crate::model::record::CLOCK_TOLERANCE_MS)
}

/// What the API says to it; nothing where its newest answer is the reason itself.
fn confirmed(package: &Package, zone: &Zone) -> Option<String> {
    let Some(at) = package.confirmed_at else {
        return Some("the provider’s API has not confirmed it".to_owned());
    };
    let contradicted = package.doubts.iter().any(|it| it.kind == DoubtKind::AgainstAnswer);
    let decided_at = package.decided.as_ref().map(|it| it.happened_at.unwrap_or(it.received_at));
    let is_reason = package.decided.as_ref().is_some_and(|it| it.name == ANSWER_NAME);
    let when = stamp(at, zone);
    if contradicted {
        Some(format!("the provider’s API last answered on {when} and did not agree"))
    } else if decided_at.is_some_and(|it| it > at.plus(999)) {
        Some(format!("the provider’s API last answered on {when}, before that"))
    } else if is_reason && decided_at.is_some_and(|it| at <= it.plus(999)) {
        None
    } else {
        Some(format!("the provider’s API agreed on {when}"))
    }
}

/// The sentence of the JSON answer: universal time.
pub(super) fn for_json(package: &Package) -> String {
    sentence(package, &Zone::utc())
}

/// The title of a mark beside an absurd clock.
pub(super) fn absurd(told: Timestamp) -> String {
    format!("its own time, {}, is in the future", rfc3339(told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decided, Fingerprint, Status};

    fn package() -> Package {
        let decided = Decided {
            name: "PACKAGE_ACTIVATE".into(),
            happened_at: Some(Timestamp(60_000)),
            received_at: Timestamp(60_400),
            origin: Origin::Callback,
            fingerprint: Fingerprint::default(),
            inferred: false,
            unverified: false,
        };
        Package { status: Status::Sent, decided: Some(decided), ..Package::default() }
    }

    #[test]
    fn the_deciding_fact_what_speaks_against_it_and_the_api() {
        let mut it = package();
        it.confirmed_at = Some(Timestamp(120_000));
        assert_eq!(
            for_json(&it),
            "Sent, since “PACKAGE_ACTIVATE” of 1 Jan 1970 00:01:00, told by callback; nothing speaks against it; \
             the provider’s API agreed on 1 Jan 1970 00:02:00 (times in UTC)."
        );
        it.confirmed_at = Some(Timestamp(1_000));
        assert!(for_json(&it).contains("last answered on 1 Jan 1970 00:00:01, before that"));
        // An answer is not said to agree with itself; one that came again later is.
        if let Some(decided) = &mut it.decided {
            decided.name = ANSWER_NAME.into();
        }
        it.confirmed_at = Some(Timestamp(60_000));
        assert_eq!(
            for_json(&it),
            "Sent, since the provider’s API said so on 1 Jan 1970 00:01:00; nothing speaks against it (times in UTC)."
        );
        it.confirmed_at = Some(Timestamp(120_000));
        assert!(for_json(&it).contains("agreed on 1 Jan 1970 00:02:00"));
        assert!(
            for_json(&Package::default()).starts_with("Draft, since nothing has told of any other status; ")
        );
    }

    #[test]
    fn every_doubt_has_its_own_words() {
        let mut it = package();
        let doubts = DoubtKind::ALL.map(|kind| Doubt {
            kind,
            name: "EMAIL_BOUNCE".into(),
            at: Timestamp(1),
            received_at: Timestamp(2),
        });
        let said = doubts.clone().map(|it| doubt(&it, &Zone::utc()));
        for (at, text) in said.iter().enumerate() {
            assert!(text.starts_with("EMAIL_BOUNCE") && !said[..at].contains(text), "{text}");
        }
        it.doubts = doubts.to_vec();
        let why = for_json(&it);
        assert!(said.iter().all(|text| why.contains(text)) && !why.contains("nothing speaks"), "{why}");
        assert_eq!(why.matches('.').count(), 1, "one sentence: {why}");
        it.doubts = vec![doubts[0].clone(); 2_000];
        let why = for_json(&it);
        assert!(why.contains("and so with 1,999 more") && why.len() < 600, "{why}");
    }

    #[test]
    fn an_inferred_status_and_an_absurd_time_say_so() {
        let mut it = package();
        if let Some(decided) = &mut it.decided {
            decided.inferred = true;
            decided.happened_at = Some(Timestamp(i64::MAX));
        }
        assert!(
            for_json(&it).starts_with(
                "Sent, which follows from “PACKAGE_ACTIVATE”, received 1 Jan 1970 00:01:00, told"
            )
        );
    }
}
