//! Rings over the GPUs of one board.

use crate::topology::Board;

/// A search over all rings is quick up to here; no board with links of its own has more GPUs.
const SEARCHED: usize = 8;

/// Line rate of all rings through the GPUs of `mask` (bit *i* = GPU *i*) together, GB/s; infinite
/// for one GPU, which has nobody to send to.
///
/// A switch gives every GPU its full rate. GPUs with links of their own are joined by as many rings
/// as links allow, the widest first: a ring is as wide as the least number of links between two
/// neighbours, runs in both directions, and takes those links away from the next. Where NVLinks
/// close no ring, one ring over the best paths is as fast as its slowest step: a pair of bridged
/// cards is fast, two such pairs are not. O(GPUs! / links) at worst, for at most 8 GPUs; above, the
/// ring in order of numbers is taken.
///
/// ```
/// use gpusched_core::performance::collective::ring_gbps;
/// use gpusched_core::topology::{Board, Link};
/// // Two bridged pairs, 0-1 and 2-3, in PCIe slots.
/// let link = |one: usize, other: usize| match one / 2 == other / 2 {
///     true => Link { nvlinks: 12, path: None, gbps: 300.0 },
///     false => Link { nvlinks: 0, path: None, gbps: 25.0 },
/// };
/// let links = (0..16).map(|place| link(place / 4, place % 4)).collect();
/// let board = Board::new("2 bridges", links, vec![0; 4], None, vec![]).unwrap();
/// assert_eq!(ring_gbps(&board, 0b0011), 300.0);
/// assert_eq!(ring_gbps(&board, 0b1111), 25.0);
/// ```
pub fn ring_gbps(board: &Board, mask: u64) -> f64 {
    let gpus: Vec<usize> = (0..board.gpus())
        .filter(|gpu| mask >> gpu & 1 == 1)
        .collect();
    match (gpus.len(), board.switch()) {
        (0 | 1, _) => f64::INFINITY,
        (_, Some(switch)) => switch.gbps_per_gpu,
        (2, None) => board.link(gpus[0], gpus[1]).gbps,
        (3..=SEARCHED, None) => {
            let rings = nvlink_rings(board, &gpus);
            match rings > 0.0 {
                true => rings,
                false => widest(&gpus, |one, other| board.link(one, other).gbps).0,
            }
        }
        (_, None) => {
            let next = gpus.iter().cycle().skip(1);
            let steps = gpus.iter().zip(next);
            let rates = steps.map(|(&one, &other)| board.link(one, other).gbps);
            rates.fold(f64::INFINITY, f64::min)
        }
    }
}

/// The `count` GPUs of a board with the fastest rings; the lowest mask among equals. O(subsets).
pub fn best_gpus(board: &Board, count: u32) -> u64 {
    let all = board.gpus();
    let first = match count {
        64.. => u64::MAX,
        _ => (1u64 << count) - 1,
    };
    if board.switch().is_some() || all > SEARCHED || count < 2 || count as usize >= all {
        return first;
    }
    let subsets = (0..1u64 << all).filter(|mask| mask.count_ones() == count);
    let mut best = (0.0, first);
    for mask in subsets {
        let rate = ring_gbps(board, mask);
        if rate > best.0 {
            best = (rate, mask);
        }
    }
    best.1
}

/// Sum over rings of NVLinks, GB/s; 0 where they close none.
fn nvlink_rings(board: &Board, gpus: &[usize]) -> f64 {
    let count = board.gpus();
    let mut left = vec![0.0; count * count];
    for &one in gpus {
        for &other in gpus {
            let link = board.link(one, other);
            if one != other && link.nvlinks > 0 {
                left[one * count + other] = link.gbps;
            }
        }
    }
    let mut sum = 0.0;
    loop {
        let (rate, ring) = widest(gpus, |one, other| left[one * count + other]);
        if rate <= 0.0 {
            return sum;
        }
        sum += 2.0 * rate;
        for (at, &one) in ring.iter().enumerate() {
            let other = ring[(at + 1) % ring.len()];
            left[one * count + other] -= rate;
            left[other * count + one] -= rate;
        }
    }
}

/// The ring whose slowest step is fastest, the first found among equals, and that rate; 0 when
/// none closes.
fn widest(gpus: &[usize], rate: impl Fn(usize, usize) -> f64) -> (f64, Vec<usize>) {
    struct Search<F> {
        rate: F,
        best: (f64, Vec<usize>),
        path: Vec<usize>,
        rest: Vec<usize>,
    }
    impl<F: Fn(usize, usize) -> f64> Search<F> {
        fn go(&mut self, slowest: f64) {
            let last = self.path[self.path.len() - 1];
            if self.rest.is_empty() {
                let closed = slowest.min((self.rate)(last, self.path[0]));
                if closed > self.best.0 {
                    self.best = (closed, self.path.clone());
                }
                return;
            }
            for at in 0..self.rest.len() {
                let next = self.rest[at];
                let step = slowest.min((self.rate)(last, next));
                if step > self.best.0 {
                    self.rest.remove(at);
                    self.path.push(next);
                    self.go(step);
                    self.path.pop();
                    self.rest.insert(at, next);
                }
            }
        }
    }
    let mut search = Search {
        rate,
        best: (0.0, Vec::new()),
        path: vec![gpus[0]],
        rest: gpus[1..].to_vec(),
    };
    search.go(f64::INFINITY);
    search.best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Link, Switch};

    /// A board whose pairs have so many links of `gbps` each, and 10 GB/s of PCIe where none.
    fn board(links: &[&[u8]], gbps: f64) -> Board {
        let table = links.iter().flat_map(|row| {
            row.iter().map(|&nvlinks| Link {
                nvlinks,
                path: None,
                gbps: match nvlinks {
                    0 => 10.0,
                    many => f64::from(many) * gbps,
                },
            })
        });
        let numa = vec![0; links.len()];
        Board::new("test", table.collect(), numa, None, vec![]).unwrap()
    }

    /// The hybrid cube mesh of DGX-1V.
    fn cube() -> Board {
        board(
            &[
                &[0, 1, 1, 2, 2, 0, 0, 0],
                &[1, 0, 2, 1, 0, 2, 0, 0],
                &[1, 2, 0, 2, 0, 0, 1, 0],
                &[2, 1, 2, 0, 0, 0, 0, 1],
                &[2, 0, 0, 0, 0, 1, 1, 2],
                &[0, 2, 0, 0, 1, 0, 2, 1],
                &[0, 0, 1, 0, 1, 2, 0, 2],
                &[0, 0, 0, 1, 2, 1, 2, 0],
            ],
            25.0,
        )
    }

    #[test]
    fn all_links_of_a_cube_mesh_are_in_rings() {
        // 0-3-2-1-5-6-7-4 over double links, 0-1-3-7-5-4-6-2 over single ones: 6 links × 25.
        assert_eq!(ring_gbps(&cube(), 0xff), 150.0);
        // 0-3-1-2 and 0-2-3-1, one link wide each, in both directions.
        assert_eq!(ring_gbps(&cube(), 0x0f), 100.0);
        // 0-1-2 over the single links 0-1 and 0-2.
        assert_eq!(ring_gbps(&cube(), 0b111), 50.0);
        assert_eq!(ring_gbps(&cube(), 0b1001), 50.0);
        // 0 and 5 have no link.
        assert_eq!(ring_gbps(&cube(), 0b10_0001), 10.0);
    }

    #[test]
    fn links_left_over_after_the_rings_move_nothing() {
        // Full mesh of eight: seven links each, and rings use two at a time.
        let mesh: Vec<[u8; 8]> = (0..8)
            .map(|one| std::array::from_fn(|other| u8::from(one != other)))
            .collect();
        let rows: Vec<&[u8]> = mesh.iter().map(<[u8; 8]>::as_slice).collect();
        let mesh = board(&rows, 64.0);
        assert_eq!(ring_gbps(&mesh, 0xff), 6.0 * 64.0);
        assert_eq!(ring_gbps(&mesh, 0b11), 64.0);
    }

    #[test]
    fn the_best_pair_of_a_cube_mesh_is_a_double_link() {
        assert_eq!(
            best_gpus(&cube(), 2),
            0b0110,
            "1-2 is the lowest of the double ones"
        );
        assert_eq!(best_gpus(&cube(), 8), 0xff);
        assert_eq!(best_gpus(&cube(), 1), 1);
    }

    #[test]
    fn a_switch_serves_all_alike() {
        let switch = Switch {
            links: 18,
            gbps_per_gpu: 450.0,
            reduces: true,
        };
        let link = Link {
            nvlinks: 0,
            path: None,
            gbps: 450.0,
        };
        let board = Board::new("hgx", vec![link; 64], vec![0; 8], Some(switch), vec![]).unwrap();
        assert_eq!(ring_gbps(&board, 0b1010_0001), 450.0);
        assert_eq!(ring_gbps(&board, 0b1), f64::INFINITY);
        assert_eq!(best_gpus(&board, 3), 0b111);
    }
}
