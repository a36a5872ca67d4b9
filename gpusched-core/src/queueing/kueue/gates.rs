//! Feature gates that change decisions, as data.

/// A gate nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no feature gate `{0}` changes a decision here")]
pub struct UnknownGate(pub String);

macro_rules! gates {
    ($($name:literal $field:ident $main:literal $v0_19_2:literal $doc:literal;)*) => {
        /// Feature gates, each named as upstream.
        ///
        /// ```
        /// use gpusched_core::queueing::kueue::Gates;
        /// let mut gates = Gates::V0_19_2;
        /// assert!(!gates.workload_priority_class_defaulting);
        /// gates.set("PriorityBoost", true).unwrap();
        /// assert!(gates.priority_boost);
        /// assert!(gates.set("NoSuchGate", true).is_err());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Gates {
            $(#[doc = concat!("`", $name, "`: ", $doc)] pub $field: bool,)*
        }

        impl Gates {
            /// The defaults of commit `ff69552` (v0.20-dev).
            pub const MAIN: Gates = Gates { $($field: $main,)* };
            /// The defaults of release v0.19.2.
            pub const V0_19_2: Gates = Gates { $($field: $v0_19_2,)* };
            /// All names, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Sets a gate by its upstream name.
            ///
            /// # Errors
            /// [`UnknownGate`] when no decision depends on it.
            pub fn set(&mut self, name: &str, on: bool) -> Result<(), UnknownGate> {
                match name {
                    $($name => self.$field = on,)*
                    _ => return Err(UnknownGate(name.to_owned())),
                }
                Ok(())
            }
        }
    };
}

gates! {
    "PartialAdmission" partial_admission true true "Admit with fewer pods, down to `minCount`.";
    "FlavorFungibility" flavor_fungibility true true "Flavors are tried by the ClusterQueue's rules, not just the first that fits.";
    "PrioritySortingWithinCohort" priority_sorting_within_cohort true true "Heads of one cohort are ordered by priority before time.";
    "FairSharingPreemptWithinNominal" fair_sharing_preempt_within_nominal true true "A queue within its nominal quota takes victims without the share test.";
    "FairSharingPrioritizeNonBorrowing" fair_sharing_prioritize_non_borrowing true true "Queues that do not borrow win the tournament.";
    "TopologyAwareScheduling" topology_aware_scheduling true true "Topology requests are honoured.";
    "TASProfileMixed" tas_profile_mixed true true "Unconstrained pod sets take the least free capacity first.";
    "TASFailedNodeReplacement" tas_failed_node_replacement true true "A failed node is replaced in the assignment.";
    "TASFailedNodeReplacementFailFast" tas_failed_node_replacement_fail_fast true true "If that fails at the first attempt, the workload is evicted.";
    "TASMultiLayerTopology" tas_multi_layer_topology true true "Slices within slices.";
    "TASHandleOverlappingFlavors" tas_handle_overlapping_flavors true true "Use through other flavors of the same node counts.";
    "TASRecomputeAssignmentWithinSchedulingCycle" tas_recompute_assignment_within_scheduling_cycle true true "An assignment taken by another workload of the cycle is computed anew.";
    "TASBalancedPlacement" tas_balanced_placement false false "Preferred pod sets are spread evenly.";
    "TASRespectNodeAffinityPreferred" tas_respect_node_affinity_preferred false false "Preferred node affinity ranks domains.";
    "TASReplaceNodeDueToNotReadyOverFixedTime" tas_replace_node_due_to_not_ready_over_fixed_time false false "A node counts as failed after a fixed time.";
    "TASReplaceNodeOnPodTermination" tas_replace_node_on_pod_termination true true "A node counts as failed when its pods terminate.";
    "TASReplaceNodeOnNodeTaints" tas_replace_node_on_node_taints true true "A node counts as failed when it gets a taint its pods do not tolerate.";
    "SkipReassignmentForPodOwnedWorkloads" skip_reassignment_for_pod_owned_workloads true true "Workloads owned by one pod keep their assignment.";
    "AdmissionFairSharing" admission_fair_sharing true true "Queues order by past use of their LocalQueues.";
    "ElasticJobsViaWorkloadSlices" elastic_jobs_via_workload_slices true true "Elastic jobs as workload slices.";
    "ElasticJobsViaWorkloadSlicesWithTAS" elastic_jobs_via_workload_slices_with_tas false false "The same with topology.";
    "ReclaimablePods" reclaimable_pods true true "Pods that ended give their quota back.";
    "SchedulingEquivalenceHashing" scheduling_equivalence_hashing true true "What is refused takes its equals with it.";
    "QuotaCheckStrategy" quota_check_strategy true true "`resources.quotaCheckStrategy` is honoured.";
    "AdmissionGatedBy" admission_gated_by true true "Admission gates are honoured.";
    "FlavorFungibilityPreserveScanProgress" flavor_fungibility_preserve_scan_progress true true "The scan of flavors goes on where it stood.";
    "RecomputeAssignmentUponPreemptionTargetsOverlap" recompute_assignment_upon_preemption_targets_overlap true false "Overlapping victims make the second workload's assignment be computed anew.";
    "WorkloadPriorityClassDefaulting" workload_priority_class_defaulting true false "The class named `default` is the default.";
    "PrioritizePreemptorWorkloads" prioritize_preemptor_workloads false false "Preemptors go first.";
    "PriorityBoost" priority_boost false false "The priority-boost annotation counts.";
    "ConcurrentAdmission" concurrent_admission false false "One variant of a workload per flavor.";
    "MultiKueueOrchestratedPreemption" multi_kueue_orchestrated_preemption false false "Preemption gates are honoured.";
    "DisableWaitForPodsReady" disable_wait_for_pods_ready false false "`waitForPodsReady` is off.";
    "KueueDRAIntegration" kueue_dra_integration true true "Device classes are charged to quota.";
}

impl Default for Gates {
    fn default() -> Self {
        Gates::MAIN
    }
}
