//! `attestry verify`: the same offline verifier as the small `attestry-verify` program. Decisions in
//! packs are made again as well, which takes the engine that the small one does without.

use std::process::ExitCode;

use attestry_verify::{PackReport, ReplayOutcome, Report, Verdict};

use super::{
    output::{Failure, Output},
    policy::replay_pack,
};

pub fn run(arguments: &attestry_verify::Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let report = judge(arguments)?;
    output.line(report.to_text(output.has_color()).trim_end());
    output.json(&report);
    Ok(ExitCode::from(report.exit_code()))
}

/// Verifies everything, and makes the decisions of packs again.
///
/// # Errors
/// A [`Failure`] if the input is unusable.
pub fn judge(arguments: &attestry_verify::Arguments) -> Result<Report, Failure> {
    let mut report = attestry_verify::run(arguments).map_err(Failure::usage)?;
    for pack in report.packs.iter_mut().filter(|pack| pack.verdict == Verdict::Verified) {
        decide_again(pack);
    }
    report.decide();
    Ok(report)
}

fn decide_again(pack: &mut PackReport) {
    pack.replay = replay_pack(&pack.given);
    let shown_all = pack.withheld == 0 && pack.erased == 0;
    if pack.replay == ReplayOutcome::Unreadable && shown_all {
        pack.verdict = Verdict::Failed;
        pack.code = Some("pack-replay");
        pack.fault = Some("decisions cannot be made again, although nothing was left out".into());
    }
    if pack.replay == ReplayOutcome::Differs {
        pack.verdict = Verdict::Failed;
        pack.code = Some("pack-replay");
        pack.fault =
            Some("the rules in the pack do not make the decisions that were logged".into());
    }
}
