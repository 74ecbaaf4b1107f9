/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Counters of probes. */
#ifndef SIDESPAN_COUNTS_H
#define SIDESPAN_COUNTS_H

#include "maps.h"

static __always_inline struct probe_counters *counters_of(__u32 probe)
{
	return bpf_map_lookup_elem(&counters, &probe);
}

#define COUNT(probe, field)                                                  \
	do {                                                                 \
		struct probe_counters *counters_ = counters_of(probe);       \
		if (counters_)                                               \
			ADD_ONE(&counters_->field);                          \
	} while (0)

#endif
