//! What somebody wants to hear of, how and when. No facts: whoever wished for nothing hears of everything at once, by mail.

use super::AccountId;
use super::alert::AlertKind;
use std::fmt;

/// A person's wishes about alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// Only of these kinds; `None`: of each.
    pub kinds: Option<Vec<AlertKind>>,
    /// Only of these accounts; `None`: of all that they see.
    pub accounts: Option<Vec<AccountId>>,
    /// By mail.
    pub mail: bool,
    /// No mail meanwhile: it waits for the end of it.
    pub quiet: Option<Quiet>,
    /// One mail a day, at this time, instead of one as things happen.
    pub digest: Option<Minute>,
    /// Somebody else hears of it meanwhile.
    pub stand_in: Option<StandIn>,
}

/// A part of the day, in the person's zone. It may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From then on,
    pub from: Minute,
    /// until then.
    pub until: Minute,
}

/// Who hears of what somebody would, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Their mail address, in lower case.
    pub email: String,
    /// From the beginning of this day, in the zone of whom they stand in for,
    pub from: Day,
    /// to the end of this one.
    pub until: Day,
}

/// A minute of the day, by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(u16);

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: i16,
    month: u8,
    day: u8,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { kinds: None, accounts: None, mail: true, quiet: None, digest: None, stand_in: None }
    }
}

impl Wishes {
    /// Whether they want to hear of such a thing at all. What is the whole board's is of no account, and so of each.
    #[must_use]
    pub fn want(&self, kind: AlertKind, account: &AccountId) -> bool {
        self.kinds.as_ref().is_none_or(|some| some.contains(&kind))
            && (account.0.is_empty() || self.accounts.as_ref().is_none_or(|some| some.contains(account)))
    }

    /// Who hears of things in their place on a day.
    #[must_use]
    pub fn stands_in(&self, on: Day) -> Option<&str> {
        self.stand_in.as_ref().filter(|it| (it.from..=it.until).contains(&on)).map(|it| it.email.as_str())
    }
}

impl Quiet {
    /// Whether it is quiet at this time of the day. From a time to the same one is never.
    #[must_use]
    pub fn holds(self, at: Minute) -> bool {
        if self.from <= self.until {
            (self.from..self.until).contains(&at)
        } else {
            at >= self.from || at < self.until
        }
    }
}

impl Minute {
    /// From hours and minutes; `None`: no day has such a time.
    #[must_use]
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then(|| Self(u16::from(hour) * 60 + u16::from(minute)))
    }

    /// Reads `22:00`, as a form sends it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        Self::new(digits(hour, 2)?, digits(minute, 2)?)
    }

    /// Its hour.
    #[must_use]
    pub fn hour(self) -> u8 {
        u8::try_from(self.0 / 60).unwrap_or_default()
    }

    /// Its minute of the hour.
    #[must_use]
    pub fn minute(self) -> u8 {
        u8::try_from(self.0 % 60).unwrap_or_default()
    }
}

impl Day {
    /// Of the calendar; `None`: it has no such day.
    #[must_use]
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// Reads `2026-11-22`, as a form sends it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none();
        whole.then_some(())?;
        Self::new(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?)
    }
}

fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Option<T> {
    let plain = text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Minute {
        Minute::parse(text).unwrap()
    }

    #[test]
    fn a_quiet_time_may_go_over_midnight() {
        let night = Quiet { from: at("22:00"), until: at("07:30") };
        for (time, holds) in
            [("21:59", false), ("22:00", true), ("00:00", true), ("07:29", true), ("07:30", false)]
        {
            assert_eq!(night.holds(at(time)), holds, "{time}");
        }
        let lunch = Quiet { from: at("12:00"), until: at("13:00") };
        assert!(lunch.holds(at("12:30")) && !lunch.holds(at("13:00")) && !lunch.holds(at("03:00")));
        assert!(!Quiet { from: at("12:00"), until: at("12:00") }.holds(at("12:00")));
    }

    #[test]
    fn times_and_days_are_read_as_forms_send_them() {
        assert_eq!(at("07:05").to_string(), "07:05");
        for bad in ["", "7:05", "24:00", "12:60", "12:00:00", "+1:00", "12"] {
            assert_eq!(Minute::parse(bad), None, "{bad}");
        }
        for good in ["2026-11-22", "2028-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(Day::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-1-1",
            "2026-11-22-1",
            "+026-11-22",
        ] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_stand_in_stands_in_from_the_first_day_to_the_last() {
        let day = |text: &str| Day::parse(text).unwrap();
        let stand_in = StandIn { email: "b@x".to_owned(), from: day("2026-12-24"), until: day("2027-01-01") };
        let wishes = Wishes { stand_in: Some(stand_in), ..Wishes::default() };
        for (on, by) in [
            ("2026-12-23", None),
            ("2026-12-24", Some("b@x")),
            ("2027-01-01", Some("b@x")),
            ("2027-01-02", None),
        ] {
            assert_eq!(wishes.stands_in(day(on)), by, "{on}");
        }
    }

    #[test]
    fn whoever_wished_for_nothing_hears_of_everything() {
        let (a, b) = (AccountId("a".to_owned()), AccountId("b".to_owned()));
        assert!(AlertKind::ALL.iter().all(|kind| Wishes::default().want(*kind, &a)));
        let some = Wishes {
            kinds: Some(vec![AlertKind::Locked]),
            accounts: Some(vec![a.clone()]),
            ..Wishes::default()
        };
        assert!(some.want(AlertKind::Locked, &a));
        assert!(!some.want(AlertKind::Locked, &b) && !some.want(AlertKind::Bounced, &a));
    }
}
