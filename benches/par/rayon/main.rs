// SPDX-License-Identifier: Apache-2.0
// Rayon's side of bench.par.sequence and bench.par.sort. One argument: threads. Each line "workload n runs" on standard input is answered with the seconds of
// one run and the checksum of its result. Destroying and checking the result are outside of the clock.
use rayon::prelude::*;
use std::collections::HashMap;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

fn uniform(i: u64) -> f64 {
    let mut z = i.wrapping_add(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
    ((z ^ (z >> 31)) >> 11) as f64 * (1.0 / 9007199254740992.0)
}

fn numbers(n: usize, first: usize) -> Vec<f64> {
    (0..n).map(|i| 2.0 * uniform((first + i) as u64) - 1.0).collect()
}

fn ordered_sum(y: &[f64]) -> f64 {
    y.iter().enumerate().fold(0.0, |sum, (i, v)| sum + v * (1 + i % 7) as f64)
}

fn timed<R>(runs: usize, check: impl Fn(&R) -> f64, mut run: impl FnMut() -> R) -> (f64, f64) {
    let mut seconds = 0.0;
    let mut checksum = 0.0;
    for k in 0..runs {
        let begin = Instant::now();
        let result = black_box(run());
        seconds += begin.elapsed().as_secs_f64();
        if k + 1 == runs {
            checksum = check(&result);
        }
    }
    (seconds / runs as f64, checksum)
}

/// A fresh copy for each run, made outside of the clock.
fn timed_sort(runs: usize, input: &[f64], sort: impl Fn(&mut [f64])) -> (f64, f64) {
    let mut seconds = 0.0;
    let mut sum = 0u64;
    for _ in 0..runs {
        let mut copy = input.to_vec();
        let begin = Instant::now();
        sort(black_box(&mut copy));
        seconds += begin.elapsed().as_secs_f64();
        sum = copy.iter().fold(0u64, |sum, v| sum.wrapping_mul(31).wrapping_add(v.to_bits()));
    }
    (seconds / runs as f64, (sum >> 11) as f64)
}

fn absolute(v: &mut f64) {
    *v = v.abs();
}

fn main() {
    let threads = std::env::args().nth(1).expect("threads").parse().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut inputs: HashMap<usize, (Vec<f64>, Vec<f64>)> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let (n, runs): (usize, usize) = (words[1].parse().unwrap(), words[2].parse().unwrap());
        let (x, y) = inputs.entry(n).or_insert_with(|| (numbers(n, 0), numbers(n, n)));
        let scalar = |v: &f64| *v;
        let list = |v: &Vec<f64>| ordered_sum(v);
        let (seconds, checksum) = pool.install(|| match words[0] {
            "sum" => timed(runs, scalar, || x.par_iter().sum::<f64>()),
            "map_sum" => timed(runs, scalar, || x.par_iter().map(|v| v * v).sum::<f64>()),
            "map_filter_map_sum" => timed(runs, scalar, || {
                x.par_iter().map(|v| v * 1.5 + 0.25).filter(|v| *v > 0.0).map(|v| v * v).sum::<f64>()
            }),
            "max" => timed(runs, scalar, || x.par_iter().copied().reduce(|| f64::NEG_INFINITY, f64::max)),
            "filter_collect" => timed(runs, list, || x.par_iter().copied().filter(|v| *v > 0.0).collect::<Vec<_>>()),
            "zip_map_collect" => timed(runs, list, || x.par_iter().zip(y.par_iter()).map(|(a, b)| a * b).collect::<Vec<_>>()),
            "map_collect" => timed(runs, list, || (0..n).into_par_iter().map(|i| uniform(i as u64)).collect::<Vec<_>>()),
            "for_each" => {
                let mut z = x.clone();
                let (seconds, _) = timed(runs, |_| 0.0, || z.par_iter_mut().for_each(absolute));
                (seconds, ordered_sum(&z))
            }
            "nested" => {
                let mut z = x.clone();
                let (seconds, _) = timed(runs, |_| 0.0, || {
                    z.par_chunks_mut(1000).for_each(|row| row.par_iter_mut().for_each(absolute))
                });
                (seconds, ordered_sum(&z))
            }
            "small_calls" => timed(runs, scalar, || {
                let mut sum = 0.0;
                for call in 0..1000usize {
                    let mut y = [0.0f64; 64];
                    y.par_iter_mut().enumerate().for_each(|(i, v)| *v = uniform((call * 64 + i) as u64));
                    let y = black_box(y);
                    sum += y[call % 64];
                }
                sum
            }),
            "sort" => timed_sort(runs, &x.iter().map(|v| (v + 1.0) / 2.0).collect::<Vec<_>>(), |v| v.par_sort_unstable_by(f64::total_cmp)),
            "sort_stable" => timed_sort(runs, &x.iter().map(|v| (v + 1.0) / 2.0).collect::<Vec<_>>(), |v| v.par_sort_by(f64::total_cmp)),
            other => panic!("no workload {}", other),
        });
        println!("{:e} {:e}", seconds, checksum);
        std::io::stdout().flush().unwrap();
    }
}
