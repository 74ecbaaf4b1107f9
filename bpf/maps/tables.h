/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Settings, and tables that user space fills. */
#ifndef SIDESPAN_MAPS_TABLES_H
#define SIDESPAN_MAPS_TABLES_H

#include "../event.h"
#include "../kernel.h"

const volatile struct settings settings SEC(".rodata.settings") = {
	.wakeup_bytes = 65536,
	.capture_limit = CAPTURE_BYTES,
	.goroutine_slots = 1,
};

struct { /* index: the attach cookie; sized by user space */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SITES);
	__type(key, __u32);
	__type(value, struct site);
} sites SEC(".maps");

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROBES);
	__type(key, __u32);
	__type(value, struct probe);
} probes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct process);
} processes SEC(".maps");

struct { /* op 0 is OP_END: plan 0 is "nothing to capture" */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLAN_OPS);
	__type(key, __u32);
	__type(value, struct capture_step);
} plan_ops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLAN_STRINGS);
	__type(key, __u32);
	__type(value, struct plan_string);
} plan_strings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct dynamic_type_key);
	__type(value, struct dynamic_type);
} dynamic_types SEC(".maps");

struct { /* what user space may change at any time */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sampling);
} sampling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pressure);
} pressure SEC(".maps");

#endif
