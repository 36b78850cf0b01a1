//! What a network and a busy provider do to callbacks on their way: some get lost, some come twice, late, or in the wrong
//! order. Pure: it only says when each copy is posted.

use std::time::Duration;

use fastrand::Rng;

use super::Options;

#[derive(Debug)]
pub(super) struct Chaos {
    rng: Rng,
    drop: f64,
    duplicate: f64,
    reorder: f64,
    delay: f64,
}

/// No callback is held back for longer than this.
const LONGEST: f64 = 3_600.0;

impl Chaos {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            rng: Rng::with_seed(options.seed ^ 0x0063_6861_6f73),
            drop: options.drop,
            duplicate: options.duplicate,
            reorder: options.reorder,
            delay: if options.delay_seconds.is_finite() {
                options.delay_seconds.clamp(0.0, LONGEST)
            } else {
                0.0
            },
        }
    }

    /// How long each copy of the next callback waits; none: it is lost.
    pub(super) fn copies(&mut self) -> Vec<Duration> {
        if self.rng.f64() < self.drop {
            return Vec::new();
        }
        let mut wait = self.rng.f64() * self.delay;
        if self.rng.f64() < self.reorder {
            // Long enough to be overtaken by what is told next.
            wait += 0.05 + self.rng.f64() * 4.0;
        }
        let mut copies = vec![Duration::from_secs_f64(wait)];
        if self.rng.f64() < self.duplicate {
            copies.push(Duration::from_secs_f64(wait + self.rng.f64() * self.delay.max(2.0)));
        }
        copies
    }
}

#[cfg(test)]
mod tests {
    use super::Chaos;
    use crate::demo::Options;

    #[test]
    fn fractions_are_kept_and_calm_is_calm() {
        let mut calm = Chaos::new(&Options::default());
        assert!((0..1_000).all(|_| calm.copies() == [std::time::Duration::ZERO]));
        let options =
            Options { drop: 0.2, duplicate: 0.1, reorder: 0.3, delay_seconds: 5.0, ..Options::default() };
        let mut chaos = Chaos::new(&options);
        let drawn: Vec<_> = (0..10_000).map(|_| chaos.copies()).collect();
        let lost = drawn.iter().filter(|copies| copies.is_empty()).count();
        let twice = drawn.iter().filter(|copies| copies.len() == 2).count();
        assert!((1_800..2_200).contains(&lost) && (650..950).contains(&twice), "{lost} {twice}");
        assert!(drawn.iter().flatten().all(|wait| wait.as_secs_f64() < 15.0));
    }
}
