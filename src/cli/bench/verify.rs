//! `attestry bench verify`: offline verification against bare signature verification.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use attestry_verify::{Evidence, PayloadStore, Verdict, Verifier};
use serde::Serialize;

use super::{
    machine::{Machine, StrictVerification, median},
    offline::{self, Held},
};
use crate::cli::output::{Failure, Output};

/// Statements that a thread takes at a time.
const SHARE: usize = 64;
/// Parts that the statements are verified in, each between measurements of strict verification:
/// what disturbs one then disturbs the other. Medians are reported.
const ROUNDS: usize = 10;
/// Time of each such measurement.
const STRICT_TIME: Duration = Duration::from_millis(200);

/// How much to verify.
#[derive(clap::Args)]
pub struct Arguments {
    /// Transparent statements, made for this.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    entries: u32,
    /// Threads; without it one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    statements: usize,
    jobs: usize,
    statement_bytes: usize,
    statements_per_second: f64,
    strict_verify_per_second_per_core: f64,
    /// As many threads as jobs: cores share caches, heat and sometimes units.
    strict_verify_per_second_all_jobs: f64,
    ratio_to_strict_times_cores: f64,
    ratio_to_strict_all_jobs: f64,
    machine: Machine,
}

/// Measures and prints.
///
/// # Errors
/// A statement that does not verify.
pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let machine = Machine::this();
    let jobs = arguments.jobs.map_or(machine.cores, usize::from);
    let held = offline::hold(arguments.entries as usize)?;
    let strict = StrictVerification::of(held.signed_bytes)?;
    let verifier = verifier(&held)?;
    let mut rounds = Rounds::default();
    for part in held.statements.chunks(held.statements.len().div_ceil(ROUNDS)) {
        rounds.strict_one.push(strict.per_second(1, STRICT_TIME)?);
        let strict_all = strict.per_second(jobs, STRICT_TIME)?;
        let started = Instant::now();
        verify_all(&verifier, part, jobs)?;
        let rate = part.len() as f64 / started.elapsed().as_secs_f64();
        rounds.strict_all.push(strict_all);
        rounds.statements.push(rate);
        rounds.ratios.push(rate / strict_all);
    }
    let [rate, strict, strict_all, ratio] =
        [rounds.statements, rounds.strict_one, rounds.strict_all, rounds.ratios].map(median);
    let report = Report {
        statements: held.statements.len(),
        jobs,
        statement_bytes: held.statements.iter().map(Vec::len).max().unwrap_or_default(),
        statements_per_second: rate,
        strict_verify_per_second_per_core: strict,
        strict_verify_per_second_all_jobs: strict_all,
        ratio_to_strict_times_cores: rate / (strict * machine.cores as f64),
        ratio_to_strict_all_jobs: ratio,
        machine,
    };
    print(&report, output);
    output.json(&report);
    Ok(ExitCode::SUCCESS)
}

/// Rates per second, round by round.
#[derive(Default)]
struct Rounds {
    statements: Vec<f64>,
    strict_one: Vec<f64>,
    strict_all: Vec<f64>,
    ratios: Vec<f64>,
}

fn verifier(held: &Held) -> Result<Verifier, Failure> {
    let mut verifier = Verifier::new(held.policy.clone());
    let mut payloads = PayloadStore::default();
    payloads.insert(held.genesis.1.clone(), None);
    let statement = held.genesis.0.as_slice();
    let evidence = Evidence { statement, payloads: Some(&payloads), ..Evidence::default() };
    let adopted = verifier.adopt_genesis(&evidence).map(|_| ());
    adopted
        .map_err(|verdict| Failure::refused(format!("genesis: {}", verdict.verdict().as_str())))?;
    Ok(verifier)
}

/// Every statement must come out as verified, with its receipt.
fn verify_all(verifier: &Verifier, statements: &[Vec<u8>], jobs: usize) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Failure> {
        loop {
            let from = next.fetch_add(SHARE, Ordering::Relaxed);
            let to = (from + SHARE).min(statements.len());
            let Some(share) = statements.get(from..to).filter(|share| !share.is_empty()) else {
                return Ok(());
            };
            for statement in share {
                let verdict = verifier.verify_statement(statement);
                if verdict.verdict() != Verdict::Verified || verdict.receipts_verified != 1 {
                    let found = verdict.verdict().as_str();
                    return Err(Failure::refused(format!("a statement came out as {found}")));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| Failure::service("a verifying thread panicked"))?
        })
    })
}

fn print(report: &Report, output: &Output) {
    let row = |name: &str, value: String| output.line(format_args!("  {name:<44}{value:>14}"));
    let Report { machine: Machine { cpu, cores }, .. } = report;
    output.heading(format_args!(
        "{} transparent statements of {} bytes, {} threads",
        report.statements, report.statement_bytes, report.jobs
    ));
    output.line(format_args!("  {cpu}, {cores} cores"));
    row("statements verified per second", format!("{:.0}", report.statements_per_second));
    let strict = report.strict_verify_per_second_per_core;
    row("strict verifications per second and core", format!("{strict:.0}"));
    row(
        "share of strict verification × cores",
        format!("{:.2}", report.ratio_to_strict_times_cores),
    );
    let strict = report.strict_verify_per_second_all_jobs;
    row("strict verifications per second, all threads", format!("{strict:.0}"));
    row("share of them", format!("{:.2}", report.ratio_to_strict_all_jobs));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_verified_by_any_number_of_threads_and_damage_is_noticed() {
        let mut held = offline::hold(130).unwrap();
        let verifier = verifier(&held).unwrap();
        for jobs in [1, 3] {
            verify_all(&verifier, &held.statements, jobs).unwrap();
        }
        let last = held.statements.last_mut().unwrap();
        let end = last.len() - 1;
        last[end] ^= 1;
        assert!(verify_all(&verifier, &held.statements, 2).is_err());
    }
}
