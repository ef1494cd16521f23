//! `attestry bench append`: statements registered one per request, receipts verified, nothing
//! skipped.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use serde::Serialize;

use super::{
    child::ServiceProcess,
    load::{self, Load, Shape, Taken},
    machine::{self, Machine, StrictVerification, median},
    receipts::{Receipts, Signatures},
    statements::{self, Batch, Prepared},
};
use crate::{
    cli::{
        block_on,
        client::Client,
        output::{Failure, Output},
    },
    entropy::{OsEntropy, random_bytes},
    http::routes::{log::About, statements::BULK_STATEMENTS_MAX},
    keys::LocalSigner,
};

/// Contractors who sign in turn.
const CONTRACTORS: usize = 8;
/// Time for which strict verification is measured.
const STRICT_TIME: Duration = Duration::from_millis(700);
const KEY_SET_PATH: &str = "/.well-known/scitt-keys";

/// How much to send.
#[derive(clap::Args)]
pub struct Arguments {
    /// Statements sent, twice: verifying the signature of each receipt, and once for each tree
    /// root.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    entries: u32,
    /// Keep-alive connections, each with one request under way.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Statements in each request; without it one, the way SCRAPI registers.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=BULK_STATEMENTS_MAX as i64))]
    bulk: Option<u16>,
    /// New data directory, kept afterwards; without it a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    entries: usize,
    connections: usize,
    statements_per_request: usize,
    requests: usize,
    payload_bytes: usize,
    statement_bytes: usize,
    /// With the signature of every receipt verified by the client.
    entries_per_second: f64,
    latency_ms_p50: f64,
    latency_ms_p99: f64,
    latency_ms_max: f64,
    /// With equal signatures over equal roots verified once.
    entries_per_second_shared_roots: f64,
    latency_ms_p50_shared_roots: f64,
    latency_ms_p99_shared_roots: f64,
    bytes_per_entry: f64,
    memory_peak_bytes: Option<u64>,
    service_processor_us_per_entry: Option<f64>,
    strict_verify_per_second_per_core: f64,
    ratio_to_strict_times_cores: f64,
    ratio_to_strict_times_cores_shared_roots: f64,
    fdatasync_ms: f64,
    machine: Machine,
}

/// Measures and prints.
///
/// # Errors
/// A service that does not start, refuses a statement or answers with a receipt that does not
/// verify.
pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let temporary = tempfile::tempdir().map_err(Failure::service)?;
    let data = arguments.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let report = measure(arguments, &data)?;
    print(&report, output);
    output.json(&report);
    Ok(ExitCode::SUCCESS)
}

fn measure(arguments: &Arguments, data: &Path) -> Result<Report, Failure> {
    let entries = arguments.entries as usize;
    let connections = usize::from(arguments.connections);
    let shape = arguments.bulk.map_or(Shape::Single, |bulk| Shape::Bulk(bulk.into()));
    let service = ServiceProcess::start(data)?;
    let (about, contractors) = block_on(enrol(service.url(), service.admin_code()?))?;
    let batch = statements::prepare(2 * entries, &contractors, &about.origin, &about.clause_sets)?;
    let Batch { mut statements, payload_bytes, signed_bytes } = batch;
    let statement_bytes = statements.iter().map(|one| one.bytes.len()).max().unwrap_or_default();
    let fdatasync_ms = machine::fdatasync_ms(data)?;
    let strict = StrictVerification::of(signed_bytes)?;
    let strict = || strict.per_second(1, STRICT_TIME);

    let drive = Drive { address: address_of(service.url())?, about: &about, connections, shape };
    let shared = statements.split_off(entries);
    let strict_before = strict()?;
    let processor_before = service.processor_seconds();
    let each = block_on(drive.run(statements, Signatures::Each))?;
    let processor = service.processor_seconds().zip(processor_before);
    let strict_between = strict()?;
    let shared = block_on(drive.run(shared, Signatures::Shared))?;
    let strict_after = strict()?;
    let memory_peak_bytes = service.memory_peak_bytes();
    service.stop()?;

    let machine = Machine::this();
    let per_second = |taken: &Taken| entries as f64 / taken.elapsed.as_secs_f64();
    let (each_rate, shared_rate) = (per_second(&each), per_second(&shared));
    let requests = each.latencies.count();
    let [p50, p99, max] = each.latencies.percentiles_ms([500, 990, 1000]);
    let [shared_p50, shared_p99] = shared.latencies.percentiles_ms([500, 990]);
    // The machine drifts: each rate is set against what surrounds it.
    let ratio =
        |rate: f64, strict: [f64; 2]| rate * 2.0 / (strict[0] + strict[1]) / machine.cores as f64;
    Ok(Report {
        entries,
        connections,
        requests,
        statements_per_request: arguments.bulk.map_or(1, usize::from),
        payload_bytes,
        statement_bytes,
        entries_per_second: each_rate,
        latency_ms_p50: p50,
        latency_ms_p99: p99,
        latency_ms_max: max,
        entries_per_second_shared_roots: shared_rate,
        latency_ms_p50_shared_roots: shared_p50,
        latency_ms_p99_shared_roots: shared_p99,
        bytes_per_entry: stored_bytes(data)? as f64 / (2 * entries) as f64,
        memory_peak_bytes,
        service_processor_us_per_entry: processor
            .map(|(after, before)| (after - before) * 1e6 / entries as f64),
        strict_verify_per_second_per_core: median(vec![
            strict_before,
            strict_between,
            strict_after,
        ]),
        ratio_to_strict_times_cores: ratio(each_rate, [strict_before, strict_between]),
        ratio_to_strict_times_cores_shared_roots: ratio(
            shared_rate,
            [strict_between, strict_after],
        ),
        fdatasync_ms,
        machine,
    })
}

/// Makes the first administrator, who invites the contractors, who enrol.
async fn enrol(url: &str, admin_code: &str) -> Result<(About, Vec<LocalSigner>), Failure> {
    let new_seed = || random_bytes::<32>(&OsEntropy);
    let signer = |seed: &[u8; 32]| LocalSigner::from_seed(seed).map_err(Failure::service);
    let admin = Client::with_key(url, signer(&new_seed())?).await?;
    admin.enroll(admin_code).await?;
    let mut contractors = Vec::with_capacity(CONTRACTORS);
    for _ in 0..CONTRACTORS {
        let invitation = admin.invite(&["contractor".to_owned()], "main", None).await?;
        let seed = new_seed();
        Client::with_key(url, signer(&seed)?).await?.enroll(&invitation.code).await?;
        contractors.push(signer(&seed)?);
    }
    Ok((admin.about().await?, contractors))
}

struct Drive<'a> {
    address: SocketAddr,
    about: &'a About,
    connections: usize,
    shape: Shape,
}

impl Drive<'_> {
    async fn run(&self, sent: Vec<Prepared>, signatures: Signatures) -> Result<Taken, Failure> {
        let key_set = load::get(self.address, KEY_SET_PATH).await?;
        let receipts = Arc::new(Receipts::new(&key_set, &self.about.origin, signatures)?);
        let count = sent.len();
        let load = Load {
            address: self.address,
            statements: Arc::new(sent),
            connections: self.connections,
            shape: self.shape,
            receipts: Arc::clone(&receipts),
        };
        let taken = load.run().await?;
        receipts.require_distinct(count)?;
        Ok(taken)
    }
}

fn address_of(url: &str) -> Result<SocketAddr, Failure> {
    let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.ok_or_else(|| Failure::service(format!("{url} is no address on this machine")))
}

/// Bytes of both databases, with whatever is still in their write-ahead logs.
fn stored_bytes(data: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for name in ["ledger.db", "keyring.db"] {
        let path = data.join(name);
        bytes += std::fs::metadata(&path)
            .map_err(|error| Failure::service(format!("{}: {error}", path.display())))?
            .len();
        let log = data.join(format!("{name}-wal"));
        bytes += std::fs::metadata(log).map_or(0, |metadata| metadata.len());
    }
    Ok(bytes)
}

fn print(report: &Report, output: &Output) {
    let row = |name: &str, value: String| output.line(format_args!("  {name:<44}{value:>14}"));
    let Report { machine: Machine { cpu, cores }, .. } = report;
    output.heading(format_args!(
        "{} statements × 2, {} connections, {} in a request, payload {} bytes",
        report.entries, report.connections, report.statements_per_request, report.payload_bytes
    ));
    output.line(format_args!("  {cpu}, {cores} cores, client and service together"));
    output.heading("each receipt's signature verified");
    row("entries per second", format!("{:.0}", report.entries_per_second));
    row(
        "share of strict verification × cores",
        format!("{:.2}", report.ratio_to_strict_times_cores),
    );
    row("latency p50, ms", format!("{:.1}", report.latency_ms_p50));
    row("latency p99, ms", format!("{:.1}", report.latency_ms_p99));
    row("latency max, ms", format!("{:.1}", report.latency_ms_max));
    if let Some(microseconds) = report.service_processor_us_per_entry {
        row("processor time of the service, µs per entry", format!("{microseconds:.0}"));
    }
    output.heading("equal signatures over equal roots verified once");
    row("entries per second", format!("{:.0}", report.entries_per_second_shared_roots));
    let ratio = report.ratio_to_strict_times_cores_shared_roots;
    row("share of strict verification × cores", format!("{ratio:.2}"));
    row("latency p50, ms", format!("{:.1}", report.latency_ms_p50_shared_roots));
    row("latency p99, ms", format!("{:.1}", report.latency_ms_p99_shared_roots));
    output.heading("both");
    row("bytes stored per entry", format!("{:.0}", report.bytes_per_entry));
    if let Some(bytes) = report.memory_peak_bytes {
        row("most memory of the service, MiB", format!("{:.1}", bytes as f64 / f64::from(1 << 20)));
    }
    let strict = report.strict_verify_per_second_per_core;
    row("strict verifications per second and core", format!("{strict:.0}"));
    row("fdatasync of a page, ms", format!("{:.3}", report.fdatasync_ms));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_driven() {
        assert_eq!(address_of("http://127.0.0.1:80").unwrap(), "127.0.0.1:80".parse().unwrap());
        assert!(address_of("https://127.0.0.1:80").is_err());
        assert!(address_of("http://localhost:80").is_err());
    }

    #[test]
    fn databases_are_measured_with_their_logs() {
        let data = tempfile::tempdir().unwrap();
        assert!(stored_bytes(data.path()).is_err());
        for (name, bytes) in [("ledger.db", 100), ("keyring.db", 20), ("ledger.db-wal", 3)] {
            std::fs::write(data.path().join(name), vec![0; bytes]).unwrap();
        }
        assert_eq!(stored_bytes(data.path()).unwrap(), 123);
    }
}
