/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* A scratch buffer for each program that runs; what sidespan.bpf.c says of preemption. */
#ifndef SIDESPAN_CLAIM_H
#define SIDESPAN_CLAIM_H

#include "maps.h"

static __always_inline struct scratch *claim_scratch(__u32 *claimed)
{
	__u32 zero = 0;
	__u64 *busy = bpf_map_lookup_elem(&scratch_busy, &zero);

	if (!busy)
		return 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SCRATCH_BUFFERS; i++) {
		__u64 bit = 1ull << i;

		if ((__sync_fetch_and_or(busy, bit) & bit) == 0) {
			*claimed = i;
			return bpf_map_lookup_elem(&scratch_buffers, claimed);
		}
	}
	return 0;
}

static __always_inline void release_scratch(__u32 claimed)
{
	__u32 zero = 0;
	__u64 *busy = bpf_map_lookup_elem(&scratch_busy, &zero);

	if (busy)
		__sync_fetch_and_and(busy, ~(1ull << claimed));
}

#endif
