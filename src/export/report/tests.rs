use super::*;
use crate::export::{certificate::certificate, samples};

#[test]
fn look() {
    let d = samples::dossier(samples::short_story(), 60);
    std::fs::write("/tmp/kr/report.pdf", report(&d).unwrap()).unwrap();
    std::fs::write("/tmp/kr/certificate.pdf", certificate(&d).unwrap()).unwrap();
}
