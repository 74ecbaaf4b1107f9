/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * While the sites of a process change, those that go and those that come are attached beside each other: a hit runs the
 * program for both, for the new one first (the kernel puts it at the head of the list). One of them counts the hit.
 */
#ifndef SIDESPAN_SITE_CHANGE_H
#define SIDESPAN_SITE_CHANGE_H

#include "goroutine-slot.h"

/* For a hit whose site is not of the process's generation, or of a process whose sites change: whether it counts. */
static __noinline int counts_in_change(struct hit *hit)
{
	__u64 thread = bpf_get_current_pid_tgid(), ip = REGISTER_IP(hit->plan.ctx), *left;
	__u32 generation = hit->process->generation, own = hit->site->generation;

	if (generation == GENERATION_NONE || !(generation & (CHANGE_BEGUN | CHANGE_DONE)))
		return 0;
	if (generation & CHANGE_BEGUN) {
		if (own == (generation & ~CHANGE_BEGUN)) { /* an old one */
			bpf_map_delete_elem(&left_hits, &thread);
			return 1;
		}
		bpf_map_update_elem(&left_hits, &thread, &ip, BPF_ANY);
		return 0;
	}
	left = bpf_map_lookup_elem(&left_hits, &thread);
	if (own == (generation & ~CHANGE_DONE)) {
		if (left)
			bpf_map_delete_elem(&left_hits, &thread);
		return 1;
	}
	/* The old one counts only what the new one has left to it: the change came in between. */
	if (!left || *left != ip)
		return 0;
	bpf_map_delete_elem(&left_hits, &thread);
	return 1;
}

#endif
