//! Numbers drawn by key: what is drawn for one thing does not depend on what is drawn for others.

use rand::Rng;
use rand_pcg::Pcg64;

/// Uniform in the open interval (0, 1): the draw `turn` of `entity`, whose upper half says what
/// is drawn for.
pub(super) fn unit(seed: u64, entity: u64, turn: u64) -> f64 {
    let key = scatter(seed ^ scatter(entity ^ scatter(turn)));
    let whole = u128::from(seed) << 64 | u128::from(entity);
    let mut stream = Pcg64::new(u128::from(key), whole);
    ((stream.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// An entity of [`unit`]: the `index`-th thing of a purpose.
pub(super) fn entity(purpose: [u8; 4], index: usize) -> u64 {
    u64::from(u32::from_be_bytes(purpose)) << 32 | index as u64
}

/// A bijection of 64 bits in which every input bit reaches every output bit (the finaliser of
/// SplitMix64; Steele, Lea, Flood, OOPSLA 2014).
pub(super) fn scatter(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
