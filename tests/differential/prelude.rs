// SPDX-License-Identifier: Apache-2.0
// What the generated pipelines call: the same functions as in prelude.hpp, to the bit.
use rayon::prelude::*;
use std::cmp::Ordering;

pub fn scramble(z: u64) -> u64 {
    let mut z = z.wrapping_add(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
    z ^ (z >> 31)
}

/// Items of pipelines.
pub trait Item: Clone + Send + Sync {
    /// A number that stands for all of the value.
    fn bits(&self) -> u64;
    /// Another value of the same type.
    fn mixed(&self, k: u64) -> Self;
}

pub trait Number: Item + Copy {
    fn number_of(z: u64) -> Self;
    const SIGNED: bool = false;
    const FLOATING: bool = false;
}

macro_rules! integer {
    ($t:ty, $signed:expr) => {
        impl Item for $t {
            fn bits(&self) -> u64 {
                *self as u64
            }
            fn mixed(&self, k: u64) -> Self {
                let z = (*self as u64).wrapping_mul(6364136223846793005).wrapping_add(k);
                (if k % 2 == 0 { z } else { (z >> 40) % 64 }) as $t
            }
        }
        impl Number for $t {
            fn number_of(z: u64) -> Self {
                z as $t
            }
            const SIGNED: bool = $signed;
        }
        impl Show for $t {
            fn show(&self) -> String {
                self.to_string()
            }
        }
    };
}
integer!(i64, true);
integer!(u64, false);
integer!(usize, false);

impl Item for f64 {
    fn bits(&self) -> u64 {
        if self.is_nan() {
            0x7ff8000000000000
        } else {
            self.to_bits()
        }
    }
    fn mixed(&self, k: u64) -> Self {
        f64::number_of(scramble(self.bits().wrapping_add(k)))
    }
}
impl Number for f64 {
    fn number_of(z: u64) -> Self {
        ((z % 8192) as f64 - 4096.0) / 4.0
    }
    const FLOATING: bool = true;
}

impl<A: Item, B: Item> Item for (A, B) {
    fn bits(&self) -> u64 {
        scramble(scramble(self.0.bits()).wrapping_mul(3).wrapping_add(self.1.bits()))
    }
    fn mixed(&self, k: u64) -> Self {
        (self.0.mixed(k), self.1.mixed(k))
    }
}

impl<A: Item> Item for Vec<A> {
    fn bits(&self) -> u64 {
        self.iter().fold(7, |all, each| scramble(all.wrapping_mul(31u64).wrapping_add(each.bits())))
    }
    fn mixed(&self, k: u64) -> Self {
        self.iter().map(|each| each.mixed(k)).collect()
    }
}

// --- values ---

pub fn data<T: Number>(n: usize, seed: u64) -> Vec<T> {
    (0..n as u64)
        .map(|i| {
            let z = scramble(seed.wrapping_add(i));
            T::number_of(if seed % 3 == 0 || T::FLOATING {
                z
            } else if seed % 3 == 1 {
                (z % 16).wrapping_sub(if T::SIGNED { 8 } else { 0 })
            } else {
                z % 1000
            })
        })
        .collect()
}

pub fn rough_data(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64)
        .map(|i| {
            let z = scramble(seed.wrapping_add(i));
            match z % 16 {
                1 if seed % 4 == 0 => f64::NAN,
                2 => 0.0,
                3 => -0.0,
                _ => (z >> 11) as f64 * (1.0 / 9007199254740992.0) - 0.5,
            }
        })
        .collect()
}

pub fn mix<T: Item>(x: &T, k: u64) -> T {
    x.mixed(k)
}

pub fn to<T: Number, X: Item>(x: &X, k: u64) -> T {
    T::number_of(scramble(x.bits() ^ k) >> (if k % 2 == 0 { 0 } else { 56 }))
}

pub fn to_rough<X: Item>(x: &X, k: u64) -> f64 {
    let y = f64::number_of(x.bits());
    (y * 1.7 + (k % 100) as f64).abs().sqrt() / 3.0
}

pub fn holds<T: Item>(x: &T, k: u64) -> bool {
    let z = scramble(x.bits().wrapping_add(k));
    let level = k >> 60;
    match level {
        0 => false,
        1 => z % 4096 == 0,
        2 => z % 256 == 0,
        15 => true,
        _ => z % 16 < level,
    }
}

pub fn key<T: Item>(x: &T, k: u64) -> i64 {
    (scramble(x.bits().wrapping_add(k)) % (1 + (k >> 32) % 7)) as i64
}

pub fn maybe<T: Item>(x: &T, k: u64) -> Option<T> {
    if holds(x, k) {
        Some(mix(x, k))
    } else {
        None
    }
}

pub fn mostly<T: Item>(x: &T, k: u64) -> Option<u64> {
    if k % 2 == 0 || scramble(x.bits().wrapping_add(k)) % 512 != 0 {
        Some(factor(x))
    } else {
        None
    }
}

pub fn sorted_out<T: Item>(x: T, k: u64) -> rayon::iter::Either<T, u64> {
    if holds(&x, k) {
        rayon::iter::Either::Left(x)
    } else {
        rayon::iter::Either::Right(factor(&x))
    }
}

pub fn spread<T: Item>(x: &T, k: u64) -> Vec<T> {
    (0..scramble(x.bits().wrapping_add(k)) % 4).map(|i| mix(x, k.wrapping_add(i))).collect()
}

pub fn small(x: i64) -> i64 {
    x % 1_000_000
}

pub fn sign(x: i64) -> i64 {
    if x < 0 {
        -1
    } else {
        1
    }
}

pub const COMPOSE_IDENTITY: u64 = 1 << 32;
pub fn compose(a: u64, b: u64) -> u64 {
    let high = |x: u64| (x >> 32) as u32;
    let low = |x: u64| x as u32;
    ((high(a).wrapping_mul(high(b)) as u64) << 32) | (low(a).wrapping_mul(high(b)).wrapping_add(low(b)) as u64)
}
pub fn factor<T: Item>(x: &T) -> u64 {
    scramble(x.bits()) | (1 << 32)
}

pub fn nested<T: Item>(x: &T, k: u64) -> u64 {
    let first = x.bits();
    (0..(first % 40) as usize).into_par_iter().map(|i| scramble(first.wrapping_add(k).wrapping_add(i as u64))).sum()
}

pub fn trip<T: Item>(i: usize, x: T, at: usize) -> T {
    if i == at {
        panic!("item {} failed", i);
    }
    x
}

pub fn tweak<T: Item>(all: &mut Vec<T>, k: u64) {
    let n = all.len();
    if n > 0 && k % 4 == 1 {
        all.truncate(n - 1 - (k >> 8) as usize % n.min(3));
    } else if n > 0 && k % 4 >= 2 {
        let at = ((k >> 8) % n as u64) as usize;
        all[at] = mix(&all[at], k);
    }
}

// --- parameters ---

pub fn count_of(k: u64, n: usize) -> usize {
    if k % 8 == 0 {
        0
    } else {
        ((k >> 3) % (n as u64 + 3)) as usize
    }
}
pub fn length_of(k: u64, n: usize) -> usize {
    (1 + (k >> 3) % (if k % 4 == 0 { n as u64 + 1 } else { 9 })) as usize
}
pub fn other_size(k: u64, n: usize) -> usize {
    if k % 3 == 0 {
        n
    } else {
        ((k >> 3) % (n as u64 + 5)) as usize
    }
}

// --- what is printed ---

pub trait Show {
    fn show(&self) -> String;
}
impl Show for f64 {
    fn show(&self) -> String {
        format!("f{:016x}", self.bits())
    }
}
impl Show for bool {
    fn show(&self) -> String {
        self.to_string()
    }
}
impl Show for Ordering {
    fn show(&self) -> String {
        match self {
            Ordering::Less => "less",
            Ordering::Equal => "equal",
            Ordering::Greater => "greater",
        }
        .to_string()
    }
}
impl<A: Show> Show for Option<A> {
    fn show(&self) -> String {
        match self {
            Some(x) => "some ".to_string() + &x.show(),
            None => "none".to_string(),
        }
    }
}
impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self) -> String {
        format!("({}, {})", self.0.show(), self.1.show())
    }
}
impl<A: Item + Show> Show for Vec<A> {
    fn show(&self) -> String {
        let few: String = self.iter().take(3).map(|each| " ".to_string() + &each.show()).collect();
        format!("[{}, {:016x}:{}]", self.len(), self.bits(), few)
    }
}
/// A partial order, by its name.
pub fn show_order(x: Option<Ordering>) -> String {
    x.map_or("unordered".to_string(), |o| o.show())
}
pub fn show<T: Show>(x: T) -> String {
    x.show()
}
