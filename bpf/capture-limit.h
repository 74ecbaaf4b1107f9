/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* How many calls of a probe have their values read in a second. Without a limit nothing of this is in the program. */
#ifndef SIDESPAN_CAPTURE_LIMIT_H
#define SIDESPAN_CAPTURE_LIMIT_H

#include "maps.h"

/* Whether this second's captures of the probe are used up; if not, this is one more. */
static __always_inline int over_capture_limit(__u32 number, __u32 probe_flags)
{
	__u64 second, captured, *captures_;

	if (settings.captures_per_second == 0 || !(probe_flags & PROBE_LIMITED))
		return 0;
	captures_ = bpf_map_lookup_elem(&captures, &number);
	if (!captures_)
		return 0;
	second = bpf_ktime_get_boot_ns() / 1000000000;
	captured = *captures_;
	if (captured >> 32 < second)
		__sync_val_compare_and_swap(captures_, captured, second << 32);
	return (__u32)__sync_fetch_and_add(captures_, 1) >= settings.captures_per_second;
}

/* Decided at the call's entry, for its results too. */
static __always_inline int is_captured(const struct frame *frame)
{
	return settings.captures_per_second == 0 || !(frame->flags & FRAME_NOT_CAPTURED);
}

#endif
