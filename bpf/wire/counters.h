/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What is counted of every call: one struct per probe and CPU. */
#ifndef SIDESPAN_WIRE_COUNTERS_H
#define SIDESPAN_WIRE_COUNTERS_H

#include "limits.h"

struct probe_counters {
	__u64 seen;		 /* calls: entries, restarts by morestack excluded */
	__u64 ended[5];		 /* by enum call_end */
	__u64 restarts;		 /* taken jumps to morestack */
	__u64 entered_before;	 /* exits without an open call: it began before we attached */
	__u64 ring_full;	 /* calls whose record found no room */
	__u64 goroutine_table_full;
	__u64 frame_stack_full;
	__u64 scratch_busy;	 /* calls that began while more programs were preempted on one CPU than there are scratch buffers */
	__u64 no_goroutine;	 /* g could not be read */
	__u64 arguments_ring_full; /* entry captures lost; the call itself is not */
	__u64 not_captured;	 /* calls whose values were not read: captures_per_second */
	__u64 sampled_out;	 /* ended calls that were not sampled: no record was made */
	__u64 unpaired_unsampled; /* of those whose exit was not seen; not in sampled_out */
	__u64 shed;		 /* of sampled_out: by overload or traces_per_second; the sampler would have kept them */
	__u64 uncounted;	 /* ended calls whose duration is in no series */
	__u64 unlabelled;	 /* of which it is in the series of the rest: `series` was full */
	__u64 times_ring_full;	 /* calls of which it is not known what their goroutine did: the record found no room */
	__u64 times_no_room;	 /* … the goroutine has no slot of its own, or too many open calls */
	__u64 phases_ring_full;	 /* requests of which it is not known where their time went: as times_ring_full … */
	__u64 phases_no_room;	 /* … as times_no_room */
	__u64 panics_ring_full;	 /* records of panics that found none */
	__u64 contexts_no_room;	 /* requests whose context found none, or took that of an open one: others don't find their parent by it */
	__u64 messages_no_room;	 /* gRPC calls whose counts of messages were lost */
	__u64 time_ns;		 /* that the program took for hits of its sites: of one in settings.timed_hits */
};

#endif
