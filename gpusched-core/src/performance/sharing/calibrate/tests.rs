use super::*;

fn sample(job: &str, mode: Mode, share: &str, with: &[&str], step_s: f64) -> Sample {
    Sample {
        device: "A100".into(),
        job: job.into(),
        mode,
        share: share.parse().unwrap(),
        with: with.iter().map(|&name| name.into()).collect(),
        step_s,
    }
}

fn device(samples: &[Sample]) -> DeviceProfile {
    calibrate(samples, 1).devices.remove("A100").unwrap()
}

fn factor(rated: Option<Rated>) -> f64 {
    rated.unwrap().speed.factor()
}

/// Eight jobs of planted vectors, in all pairs and some crowds.
fn planted() -> Vec<Sample> {
    let names: Vec<String> = (0..8).map(|job| format!("job{job}")).collect();
    let vectors = |job: usize| Vectors {
        sensitivity: [0.3 + 0.1 * job as f64, 0.0],
        pressure: [1.2 - 0.1 * job as f64, 0.0],
    };
    let mut samples = Vec::new();
    for (a, job) in names.iter().enumerate() {
        let alone = 1.0 + a as f64;
        let mut add = |with: &[usize]| {
            let others: Vec<Vectors> = with.iter().map(|&other| vectors(other)).collect();
            let slowdown = mps_slowdown(&vectors(a), &others);
            let with: Vec<&str> = with.iter().map(|&other| names[other].as_str()).collect();
            samples.push(sample(job, Mode::Mps, "1", &with, alone * slowdown));
        };
        add(&[]);
        (0..8).for_each(|b| add(&[b]));
        add(&[(a + 1) % 8, (a + 2) % 8]);
        add(&[a, a]);
    }
    samples
}

#[test]
fn planted_pairs_are_found_and_crowds_predicted() {
    let device = device(&planted());
    let (form, errors) = device.errors.pairs.last().unwrap();
    assert_eq!((*form, errors.points), (PairForm::Rank2, 64));
    assert!(device.pair_form >= Some(PairForm::Rank1));
    let chosen = |(form, _): &&(PairForm, Errors)| Some(*form) == device.pair_form;
    let best = device.errors.pairs.iter().find(chosen).unwrap().1;
    assert!(best.mae < 0.01, "{best:?}");
    assert_eq!(device.errors.crowds.points, 8);
    assert!(
        device.errors.crowds.mape < 2.0,
        "{:?}",
        device.errors.crowds
    );
    assert!(device.errors.copies.points == 16 && device.errors.copies.mape < 1e-6);
    assert_eq!(device.unused, 0);
}

#[test]
fn copies_go_by_their_own_u_and_company_by_vectors() {
    let device = device(&planted());
    let rate = |with: &[&str]| factor(device.rate("job0", Share::WHOLE, Mode::Mps, with));
    // job0 beside itself: 0.3 · 1.2 = 0.36 a copy.
    assert!((rate(&["job0"; 3]) - 1.0 / 2.08).abs() < 1e-6);
    // Beside job1 and job2: 0.3 · (1.1 + 1.0) = 0.63.
    assert!((rate(&["job1", "job2"]) - 1.0 / 1.63).abs() < 0.01);
    assert_eq!(
        device.rate("job0", Share::WHOLE, Mode::Mps, &["stranger"]),
        None
    );
    assert_eq!(
        device.rate("job0", Share::WHOLE, Mode::TimeSlicing, &["job1"]),
        None
    );
    assert_eq!(
        device.rate("job0", Share::sevenths(3).unwrap(), Mode::Alone, &[]),
        None
    );
}

#[test]
fn repeated_rows_are_averaged_and_turns_fitted() {
    let samples = [
        sample("a", Mode::Alone, "1", &[], 0.9),
        sample("a", Mode::Alone, "1", &[], 1.1),
        sample("a", Mode::TimeSlicing, "1", &["a"], 2.2),
        sample("a", Mode::TimeSlicing, "1", &["a", "b", "b"], 4.4),
    ];
    let device = device(&samples);
    assert_eq!(device.jobs["a"].slices.table(), [(Share::WHOLE, 1.0)]);
    assert!((device.turn_cost.unwrap() - 1.1).abs() < 1e-12);
    assert!(device.errors.turns.points == 2 && device.errors.turns.mape < 1e-9);
    let three = device.rate("a", Share::WHOLE, Mode::TimeSlicing, &["b", "b"]);
    assert!((factor(three) - 1.0 / 3.3).abs() < 1e-9);
}

#[test]
fn rows_without_a_use_are_counted() {
    let samples = [
        sample("a", Mode::Mps, "1", &["b"], 2.0),
        sample("a", Mode::Alone, "1", &[], f64::NAN),
        sample("a", Mode::Alone, "1", &["b"], 1.0),
    ];
    let device = device(&samples);
    assert_eq!(device.unused, 3);
    assert_eq!((device.pair_form, device.turn_cost), (None, None));
    assert_eq!(device.rate("a", Share::WHOLE, Mode::Alone, &[]), None);
}

#[test]
fn few_pairs_make_no_claim_about_their_error() {
    let samples = [
        sample("a", Mode::Alone, "1", &[], 1.0),
        sample("b", Mode::Alone, "1", &[], 1.0),
        sample("a", Mode::Mps, "1", &["b"], 2.0),
        sample("b", Mode::Mps, "1", &["a"], 2.0),
    ];
    let device = device(&samples);
    assert_eq!(device.pair_form, Some(PairForm::Constant));
    assert_eq!(
        device.errors.pairs,
        [(PairForm::Constant, Errors::default())]
    );
    let beside = device.rate("a", Share::WHOLE, Mode::Mps, &["b"]);
    assert!((factor(beside) - 0.5).abs() < 1e-9);
}

#[test]
fn nothing_measured_is_an_empty_profile() {
    assert_eq!(calibrate(&[], 1), Profile::default());
}
