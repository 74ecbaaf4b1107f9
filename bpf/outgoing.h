/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which call a request is of that is being written, and what is to be written. */
#ifndef SIDESPAN_OUTGOING_H
#define SIDESPAN_OUTGOING_H

#include "goroutine-at-hit.h"

#define OUTGOING_SITES 2048
#define OUTGOING_CALLS 16384
#define HEADER_FIELDS 64      /* most fields of a gRPC request that are looked through */
#define HEADER_FIELD_BYTES 40 /* hpack.HeaderField {Name, Value string; Sensitive bool} (golang.org/x/net/http2/hpack/hpack.go) */
#define FRAME_BYTES 16384     /* of a frame every peer takes at least so much (RFC 9113, 4.2) */

const volatile struct outgoing_settings outgoing SEC(".rodata.outgoing") = {};

struct { /* user space fills them */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OUTGOING_SITES);
	__type(key, __u32);
	__type(value, struct outgoing_site);
} outgoing_sites SEC(".maps");

enum outgoing_key_kind { KEY_OBJECT = 0, KEY_GOROUTINE = 1 };

struct outgoing_key {
	__u32 process_slot;
	__u32 kind; /* enum outgoing_key_kind */
	__u64 word; /* an address, or goroutine_key.goid */
};

/* A call whose request is yet to be written. */
struct outgoing_call {
	__u64 trace_id[2]; /* as they lie in memory */
	__u64 span_id;
	__u64 headers; /* the map's address */
	__u32 probe;
	__u32 sampled;
	__u32 threshold;   /* by which the trace was kept; 0: none */
	__u32 trace_state; /* that came; 0: none */
};

struct { /* those that never come to be written go by themselves */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OUTGOING_CALLS);
	__type(key, struct outgoing_key);
	__type(value, struct outgoing_call);
} outgoing_calls SEC(".maps");

struct { /* sized by user space */
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_PROBES);
	__type(key, __u32);
	__type(value, struct outgoing_counters);
} outgoing_counts SEC(".maps");

static __noinline struct outgoing_counters *outgoing_counters_of(__u32 probe)
{
	return bpf_map_lookup_elem(&outgoing_counts, &probe);
}

#define COUNT_OUTGOING(probe, field)                                              \
	do {                                                                      \
		struct outgoing_counters *counters_ = outgoing_counters_of(probe); \
		if (counters_)                                                    \
			ADD_ONE(&counters_->field);                               \
	} while (0)

/* What all that is read in the process starts from. */
static __always_inline void use_process(struct hit *hit, struct pt_regs *ctx)
{
	struct hit_state *state = &hit->plan.scratch->state;

	hit->plan.ctx = ctx;
	hit->plan.load_bias = REGISTER_IP(ctx) - hit->site->vaddr;
	hit->plan.process_slot = hit->site->process_slot;
	state->map_kind = hit->process->map_kind;
	state->process_slot = hit->site->process_slot;
	state->load_bias = hit->plan.load_bias;
	state->constants = hit->plan.load_bias + hit->process->constants_vaddr;
	state->constants_bytes = hit->process->constants_bytes;
	hit->key.process_slot = hit->site->process_slot;
}

/* The word at the place, and in scratch->words[1] the one behind it where nothing is followed; 0 if it can't be read. */
static __noinline __u64 read_place(struct pt_regs *ctx, struct scratch *scratch, const struct context_place *place)
{
	__u64 word;

	if (place->base == CONTEXT_REGISTERS) {
		word = read_register(ctx, place->first);
		scratch->words[1] = read_register(ctx, place->second);
	} else {
		if (bpf_probe_read_user(scratch->words, 16, (void *)(REGISTER_SP(ctx) + 8 * place->first)))
			return 0;
		word = scratch->words[0];
	}
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 2; i++) {
		if (i >= place->hops || word == 0)
			break;
		if (bpf_probe_read_user(scratch->words, 8, (void *)(word + place->at[i])))
			return 0;
		word = scratch->words[0];
	}
	return word;
}

/* The key at the site; its word is 0 if there is none. The goroutine is known already, if it is asked for. */
static __always_inline void read_key(struct hit *hit, const struct context_place *place, struct outgoing_key *key)
{
	key->process_slot = hit->key.process_slot;
	if (place->base != CONTEXT_NONE) {
		key->kind = KEY_OBJECT;
		key->word = read_place(hit->plan.ctx, hit->plan.scratch, place);
	} else {
		key->kind = KEY_GOROUTINE;
		key->word = hit->key.goid;
	}
}

/* Takes the call that is known by the site's key out of the table into *call; 0 if there is none. */
static __always_inline int take_call(struct hit *hit, const struct context_place *place, struct outgoing_call *call)
{
	struct outgoing_key key;
	struct outgoing_call *known;

	read_key(hit, place, &key);
	if (key.word == 0)
		return 0;
	known = bpf_map_lookup_elem(&outgoing_calls, &key);
	if (!known)
		return 0;
	__builtin_memcpy(call, known, sizeof(*call));
	bpf_map_delete_elem(&outgoing_calls, &key);
	return 1;
}

#endif
