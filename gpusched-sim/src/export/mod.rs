//! The schedule of a run in the formats of other tools.

mod batsim;
mod perfetto;

pub use batsim::write_batsim;
pub use perfetto::write_perfetto;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Schedule;
    use crate::trace::input::Source;

    fn schedule() -> Schedule {
        let text = "job,queue,submit_s,start_s,finish_s,gpus,nodes,outcome\n\
                    a,red,0,0,10,2,x[0-1],completed\n\
                    b\"2,red,1,2,6,0.5,x[2],failed\n\
                    c,red,1,4,8,0.5,x[2],killed\n\
                    d,red,2,,,1,,pending\n";
        Schedule::read(&Source::from_bytes("jobs.csv", text.as_bytes())).unwrap()
    }

    #[test]
    fn batsim_columns_are_those_its_tools_read() {
        let mut out = Vec::new();
        write_batsim(&mut out, &schedule(), "w").unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "job_id,workload_name,profile,submission_time,requested_number_of_resources,\
             requested_time,success,final_state,starting_time,execution_time,finish_time,\
             waiting_time,turnaround_time,stretch,allocated_resources,consumed_energy,metadata"
        );
        assert_eq!(
            lines[1],
            "a,w,2,0,2,10,1,COMPLETED_SUCCESSFULLY,0,10,10,0,10,1,0-1,,"
        );
        // Half a GPU asks for one resource; GPU 2 of node x is the third of all.
        assert_eq!(
            lines[2],
            "\"b\"\"2\",w,0.5,1,1,4,0,COMPLETED_FAILED,2,4,6,1,5,1.25,2,,"
        );
        assert!(lines[3].contains(",COMPLETED_KILLED,"));
        assert_eq!(
            lines.len(),
            4,
            "a job that never started is no completed job"
        );
    }

    #[test]
    fn perfetto_has_a_track_per_gpu_and_lanes_where_jobs_overlap() {
        let mut out = Vec::new();
        write_perfetto(&mut out, &schedule()).unwrap();
        let trace: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let slices: Vec<(String, i64, i64, i64)> = events
            .iter()
            .filter(|event| event["ph"] == "X")
            .map(|event| {
                let number = |key: &str| event[key].as_i64().unwrap();
                let name = event["name"].as_str().unwrap().to_owned();
                (name, number("tid"), number("ts"), number("dur"))
            })
            .collect();
        let micros = 1_000_000;
        assert_eq!(
            slices,
            [
                ("a".to_owned(), 0, 0, 10 * micros),
                ("a".to_owned(), 1, 0, 10 * micros),
                ("b\"2".to_owned(), 2, 2 * micros, 4 * micros),
                ("c".to_owned(), 3, 4 * micros, 4 * micros),
            ]
        );
        let names: Vec<&str> = events
            .iter()
            .filter(|event| event["name"] == "thread_name")
            .map(|event| event["args"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["GPU 0", "GPU 1", "GPU 2", "GPU 2 (2)"]);
    }
}
