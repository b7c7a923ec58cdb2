// Prints lines; panics, caught or not.
use std::io::Write;

fn fetch(i: usize) -> usize {
    let orders: Vec<usize> = Vec::new();
    orders[i]
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let count: usize = args[2].parse().unwrap();
    let mut truth = std::fs::OpenOptions::new().append(true).create(true).open(std::env::var("TRUTH").unwrap()).unwrap();
    for i in 0..count {
        if i % 5 == 4 && args[1] != "print" {
            let _ = std::panic::catch_unwind(|| fetch(i));
        } else if i % 5 == 4 {
            eprintln!("Error: order {} failed\n\nCaused by:\n    0: cannot read\n    1: no such file", i);
        } else {
            eprintln!("2026-11-28T10:00:00.{:06}Z  INFO shop: order {} accepted", i, i);
        }
        truth.write_all(b"e\n").unwrap();
        if args[3] != "burst" {
            std::thread::sleep(std::time::Duration::from_millis(4));
        }
    }
}
