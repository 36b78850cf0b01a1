//! How late callbacks come: counts in fixed classes, which can be added up over hours and accounts, and what half of
//! them, or nearly all, keep within.

/// The upper bounds of the classes, in milliseconds; what is longer than the last has a class of its own. They are part
/// of what is stored: to change one, count anew.
const BOUNDS: [i64; 24] = [
    50,
    100,
    200,
    400,
    700,
    1_000,
    2_000,
    4_000,
    7_000,
    15_000,
    30_000,
    60_000,
    120_000,
    240_000,
    420_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    86_400_000,
    259_200_000,
    Delays::LONGEST,
];

/// How many delays fell into each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delays(pub [u64; Delays::CLASSES]);

impl Delays {
    /// How many classes there are.
    pub const CLASSES: usize = 25;
    /// Seven days: what lasted longer is not told apart.
    pub const LONGEST: i64 = 604_800_000;

    /// Counts one. Below nothing the clocks differ, which is no delay.
    pub fn note(&mut self, millis: i64) {
        let class = BOUNDS.partition_point(|bound| *bound < millis);
        if let Some(count) = self.0.get_mut(class) {
            *count += 1;
        }
    }

    /// Counts all of `other`, too.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What `percent` of them keep within, in milliseconds: as exact as if those of a class were spread evenly over it.
    /// Above [`Delays::LONGEST`] only that is known. `None`: none was counted.
    #[must_use]
    pub fn within(&self, percent: u64) -> Option<i64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let (mut passed, mut lower) = (0, 0);
        for (at, count) in self.0.into_iter().enumerate() {
            let upper = BOUNDS.get(at).copied().unwrap_or(Self::LONGEST + 1);
            if count > 0 && passed + count >= rank {
                let place = i128::from(2 * (rank - passed) - 1);
                let along = i128::from(upper - lower) * place / i128::from(2 * count);
                let millis = lower + i64::try_from(along).unwrap_or_default();
                return Some(if lower == Self::LONGEST { upper } else { millis });
            }
            passed += count;
            lower = upper;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(delays: &[i64]) -> Delays {
        let mut all = Delays::default();
        delays.iter().for_each(|it| all.note(*it));
        all
    }

    #[test]
    fn each_delay_has_its_class() {
        let class = |millis: i64| of(&[millis]).0.iter().position(|count| *count == 1);
        assert_eq!([i64::MIN, -1, 0, 50].map(class), [Some(0); 4]);
        assert_eq!([51, 100, 101].map(class), [Some(1), Some(1), Some(2)]);
        let last = [Delays::LONGEST, Delays::LONGEST + 1, i64::MAX].map(class);
        assert_eq!(last, [Some(23), Some(24), Some(24)]);
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn what_half_and_nearly_all_keep_within() {
        assert_eq!(of(&[]).within(50), None);
        // One: the middle of its class, 200 to 400.
        assert_eq!((of(&[250]).within(50), of(&[250]).within(95)), (Some(300), Some(300)));
        // Of four in one class the second: three eighths along it.
        assert_eq!(of(&[201, 202, 203, 400]).within(50), Some(275));
        // Nineteen at once and one late: half in the middle of the first class, 95 % at its end.
        let mut delays = vec![10; 19];
        delays.push(5_000);
        assert_eq!((of(&delays).within(50), of(&delays).within(95)), (Some(25), Some(48)));
        // The 20th of 20: the middle of 4 to 7 seconds.
        assert_eq!(of(&delays).within(96), Some(5_500));
        assert_eq!(of(&[i64::MAX]).within(50), Some(Delays::LONGEST + 1));
        let huge = Delays([u64::MAX / 5_000; Delays::CLASSES]);
        assert!(huge.within(95).is_some());
    }

    #[test]
    fn counts_add_up() {
        let mut sum = of(&[1, 60]);
        sum.add(&of(&[60, 1_000_000_000]));
        assert_eq!((sum, sum.count()), (of(&[1, 60, 60, 1_000_000_000]), 4));
    }
}
