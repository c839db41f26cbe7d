// SPDX-License-Identifier: Apache-2.0
// Reads cases "shape n threads grain p0 p1 ..." and prints what each pipeline gives, a line each. main.cpp does the same with xrayon.
mod prelude;
#[allow(clippy::all, unused_imports, unused_variables)]
mod shapes;

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut pools: HashMap<usize, rayon::ThreadPool> = HashMap::new();
    let mut out = BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<u64> = line.split_whitespace().map(|each| each.parse().unwrap()).collect();
        let (shape, n, threads) = (words[0] as usize, words[1] as usize, words[2] as usize);
        let pool = pools.entry(threads).or_insert_with(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
        let text = match catch_unwind(AssertUnwindSafe(|| pool.install(|| shapes::SHAPES[shape](n, &words[4..])))) {
            Ok(text) => text,
            Err(what) => {
                let what = what.downcast_ref::<String>().cloned().or(what.downcast_ref::<&str>().map(|s| s.to_string()));
                format!("error: {}", what.unwrap_or_default())
            }
        };
        writeln!(out, "{}", text).unwrap();
    }
    out.flush().unwrap();
}
