//! Office hours. Stories count time in office hours before now, so that a firm doesn't sign leases at four in the morning;
//! this turns such a count into a time.

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const OPENS: i64 = 6 * HOUR + HOUR / 2;
const CLOSES: i64 = 19 * HOUR;
/// The last hours count in full, whatever the hour: who looks at the board at night shall see something recent too.
const LATELY: i64 = 3 * HOUR;

/// The time that lies so much office time before `now`, all in ms, UTC. Later counts give earlier times, never equal ones.
pub(super) fn before(now: i64, office_time: i64) -> i64 {
    if office_time <= LATELY {
        return now - office_time;
    }
    let (mut left, mut end) = (office_time - LATELY, now - LATELY);
    // A year is far more than any story reaches back.
    for _ in 0..366 {
        let day = (end - 1).div_euclid(DAY);
        let top = end.min(day * DAY + CLOSES);
        let open = top - (day * DAY + OPENS);
        if working(day) && open > 0 {
            if left < open {
                return top - left;
            }
            left -= open;
        }
        end = day * DAY;
    }
    end - left
}

/// Monday to Friday; day 0, the first of January 1970, was a Thursday.
fn working(day: i64) -> bool {
    (day + 3).rem_euclid(7) < 5
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, before, working};

    #[test]
    fn office_time_runs_backwards_through_working_days() {
        // Monday, 2 November 2026, 09:30 UTC.
        let now = 1_793_611_800_000;
        assert_eq!(before(now, HOUR), now - HOUR);
        let friday = before(now, 4 * HOUR);
        assert_eq!(friday, now - 2 * DAY - 9 * HOUR - 30 * 60_000 - 5 * HOUR - HOUR);
        let mut last = now;
        for minutes in 1..6_000 {
            let at = before(now, minutes * 60_000);
            assert!(at < last);
            assert!(now - at <= 3 * HOUR || working(at.div_euclid(DAY)));
            last = at;
        }
    }
}
