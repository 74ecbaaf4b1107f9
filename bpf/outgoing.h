/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which call a request is of that is being written, and the header that tells of it. */
#ifndef SIDESPAN_OUTGOING_H
#define SIDESPAN_OUTGOING_H

#include "goroutine-at-hit.h"

#define OUTGOING_SITES 2048
#define OUTGOING_CALLS 16384
#define HEADER_FIELDS 64      /* most fields of a gRPC request that are looked through */
#define HEADER_FIELD_BYTES 40 /* hpack.HeaderField {Name, Value string; Sensitive bool} (golang.org/x/net/http2/hpack/hpack.go) */
#define FRAME_BYTES 16384     /* of a frame every peer takes at least so much (RFC 9113, 4.2) */

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
	__u8 trace_id[16];
	__u8 span_id[8];
	__u64 headers; /* the map's address */
	__u32 probe;
	__u32 sampled;
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

/* ---- whether the header is there already: enum chunk_status ---- */

static __noinline __u32 find_in_map(struct scratch *scratch, __u64 map, __u32 first_key)
{
	scratch->keys = 2;
	scratch->first_key = first_key;
	scratch->walk.missing = 2;
	scratch->walk.lengths = 1ull << 10; /* of 11 bytes */
	scratch->found[0].status = CHUNK_ABSENT;
	scratch->found[1].status = CHUNK_ABSENT;
	find_headers(scratch, map);
	return scratch->found[0].status != CHUNK_ABSENT ? scratch->found[0].status : scratch->found[1].status;
}

/* words[2]: of the next field, words[3]: fields left, words[4]: what was found. */
static long field_step(__u64 index, struct scratch **pointer)
{
	struct scratch *scratch = *pointer;
	__u64 *words = scratch->words;

	if (words[3] == 0)
		return 1;
	words[3]--;
	if (bpf_probe_read_user(words, 16, (void *)words[2])) {
		words[4] = CHUNK_FAULT;
		return 1;
	}
	words[2] += HEADER_FIELD_BYTES;
	if (words[1] != 11)
		return 0;
	if (bpf_probe_read_user(words, 11, (void *)words[0])) {
		words[4] = CHUNK_FAULT;
		return 1;
	}
	/* "tracepar" "ent" */
	if (words[0] == 0x7261706563617274ull && (words[1] & 0xffffff) == 0x746e65) {
		words[4] = CHUNK_OK;
		return 1;
	}
	return 0;
}

static __noinline __u32 find_in_fields(struct scratch *scratch, __u64 fields, __u64 count)
{
	if (count > HEADER_FIELDS)
		return CHUNK_TOO_LARGE;
	scratch->words[2] = fields;
	scratch->words[3] = count;
	scratch->words[4] = CHUNK_ABSENT;
	bpf_loop(HEADER_FIELDS, field_step, &scratch, 0);
	return scratch->words[4];
}

/* Whether the request may get the header; counts why not. The headers are left in call->headers. */
static __always_inline int lacks_header(struct hit *hit, const struct outgoing_site *place, struct outgoing_call *call)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 status;

	if (place->headers_kind == 0)
		return 1;
	call->headers = read_place(hit->plan.ctx, hit->plan.scratch, &place->headers);
	if (place->headers_kind == OUTGOING_MAP)
		status = find_in_map(scratch, call->headers, place->first_key);
	else
		status = find_in_fields(scratch, call->headers, scratch->words[1]);
	if (status == CHUNK_ABSENT)
		return 1;
	if (status == CHUNK_OK)
		COUNT_OUTGOING(call->probe, present);
	else
		COUNT_OUTGOING(call->probe, unsearched);
	return 0;
}

/* ---- from the call to the one who writes its request ---- */

/* Looks for the innermost open call of the site's probe that encloses the hit. */
static long find_call_step(__u64 index, struct hit *hit)
{
	struct hit_state *state = &hit->plan.scratch->state;
	__u32 frames = hit->goroutine ? hit->goroutine->frames : 0;
	struct frame *frame;

	if (index >= frames)
		return 1;
	frame = frame_at(hit, frames - 1 - (__u32)index);
	if (!frame || frame->probe != hit->site->probe || frame->depth >= state->depth ||
	    (frame->flags & FRAME_ENDED))
		return 0;
	state->index = frames - 1 - (__u32)index;
	state->found = 1;
	return 1;
}

static __always_inline void pass(struct hit *hit, const struct outgoing_site *place)
{
	struct hit_state *state = &hit->plan.scratch->state;
	struct outgoing_call call = {.probe = hit->site->probe};
	struct outgoing_key key;
	struct frame *frame = 0;

	read_key(hit, &place->key, &key);
	if (key.word == 0)
		return; /* the function failed */
	COUNT_OUTGOING(call.probe, passed);
	bpf_map_delete_elem(&outgoing_calls, &key); /* of a request that was never written */
	state->found = 0;
	if (hit->goroutine)
		bpf_loop(MAX_FRAMES, find_call_step, hit, 0);
	if (state->found && hit->goroutine)
		frame = frame_at(hit, state->index);
	if (!frame) {
		COUNT_OUTGOING(call.probe, no_call);
		return;
	}
	__builtin_memcpy(call.trace_id, frame->trace_id, 16);
	__builtin_memcpy(call.span_id, frame->span_id, 8);
	call.sampled = !(frame->flags & FRAME_UNSAMPLED);
	if (lacks_header(hit, place, &call))
		bpf_map_update_elem(&outgoing_calls, &key, &call, BPF_ANY);
}

static __always_inline void pass_on(struct hit *hit, const struct outgoing_site *place)
{
	const struct context_place goroutine = {};
	struct outgoing_call call;
	struct outgoing_key key;

	read_key(hit, &goroutine, &key);
	bpf_map_delete_elem(&outgoing_calls, &key); /* of a request that was never written */
	if (take_call(hit, &place->key, &call) && lacks_header(hit, place, &call))
		bpf_map_update_elem(&outgoing_calls, &key, &call, BPF_ANY);
}

/* ---- writing ---- */

#define VALUE_AT 16 /* of the header's value in scratch->text; what comes before it ends there */
#define HEX_DIGIT(nibble) ((__u8)('0' + (nibble) + ((9 - (__s32)(nibble)) >> 31 & 39)))

static __always_inline void put_hex(__u8 *to, const __u8 *bytes, __u32 size)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < size; i++) {
		to[2 * i] = HEX_DIGIT((__u32)bytes[i] >> 4);
		to[2 * i + 1] = HEX_DIGIT((__u32)bytes[i] & 15);
	}
}

/* 00-TRACEID-SPANID-FLAGS (W3C Trace Context, 3.2). */
static __noinline int put_value(struct scratch *scratch, const struct outgoing_call *call)
{
	__u8 *text = &scratch->text[VALUE_AT];

	text[0] = '0';
	text[1] = '0';
	text[2] = '-';
	put_hex(text + 3, call->trace_id, 16);
	text[35] = '-';
	put_hex(text + 36, call->span_id, 8);
	text[52] = '-';
	text[53] = '0';
	text[54] = call->sampled ? '1' : '0';
	return 0;
}

#define LINE_NAME "Traceparent: "
#define LINE_BYTES (sizeof(LINE_NAME) - 1 + TRACEPARENT_BYTES + 2)

/*
 * At the entry of Header.writeSubset(h, w, …): the buffer ends with a whole line, and the headers are about to follow.
 * bufio.Writer {err error; buf []byte; n int; wr io.Writer}
 */
static __always_inline void write_line(struct hit *hit, const struct outgoing_site *place)
{
	struct scratch *scratch = hit->plan.scratch;
	__u64 *words = scratch->words;
	struct outgoing_call call;
	__u64 writer, buffer, size, written, headers;

	if (!take_call(hit, &place->key, &call))
		return;
	headers = read_place(hit->plan.ctx, hit->plan.scratch, &place->headers);
	writer = read_place(hit->plan.ctx, hit->plan.scratch, &place->key);
	if (headers != call.headers || bpf_probe_read_user(words, 16, (void *)(writer + place->buffer_at)) ||
	    bpf_probe_read_user(&words[2], 8, (void *)(writer + place->written_at)) ||
	    bpf_probe_read_user(&words[3], 8, (void *)(writer + place->error_at)))
		goto refused;
	buffer = words[0];
	size = words[1];
	written = words[2];
	if (words[3] != 0 || buffer == 0 || written > size)
		goto refused;
	if (written < 2 || size - written < LINE_BYTES) {
		COUNT_OUTGOING(call.probe, no_room);
		return;
	}
	/* Before it the request line stands, whole. */
	words[0] = 0;
	if (bpf_probe_read_user(words, 2, (void *)(buffer + written - 2)) || (words[0] & 0xffff) != 0x0a0d)
		goto refused;
	put_value(scratch, &call);
	__builtin_memcpy(&scratch->text[VALUE_AT - sizeof(LINE_NAME) + 1], LINE_NAME, sizeof(LINE_NAME) - 1);
	scratch->text[VALUE_AT + TRACEPARENT_BYTES] = '\r';
	scratch->text[VALUE_AT + TRACEPARENT_BYTES + 1] = '\n';
	words[0] = written + LINE_BYTES;
	if (bpf_probe_write_user((void *)(buffer + written), &scratch->text[VALUE_AT - sizeof(LINE_NAME) + 1], LINE_BYTES) ||
	    bpf_probe_write_user((void *)(writer + place->written_at), words, 8))
		COUNT_OUTGOING(call.probe, fault);
	else
		COUNT_OUTGOING(call.probe, written);
	return;
refused:
	COUNT_OUTGOING(call.probe, refused);
}

/* RFC 7541, 6.2.2: literal without indexing, new name; name and value by their lengths, not Huffman-coded. */
#define BLOCK_NAME "\x00\x0btraceparent\x37"
#define BLOCK_BYTES (sizeof(BLOCK_NAME) - 1 + TRACEPARENT_BYTES)

/*
 * http2.HeadersFrameParam {StreamID uint32; BlockFragment []byte; EndStream, EndHeaders bool; PadLength uint8; …}
 * (golang.org/x/net/http2/frame.go; the same since 2014), passed on the stack: it takes more registers than there are.
 */
struct headers_frame {
	__u64 stream_id; /* the high half is padding */
	__u64 block;
	__u64 length;
	__u64 capacity;
	__u8 end_stream;
	__u8 end_headers;
	__u8 padding_bytes;
	__u8 rest[5];
};

/* At the entry of (*Framer).WriteHeaders(p): behind the block in its buffer, and its length on the stack. */
static __always_inline void write_block(struct hit *hit, const struct outgoing_site *place)
{
	struct scratch *scratch = hit->plan.scratch;
	struct headers_frame *frame = (struct headers_frame *)scratch->group;
	__u64 parameter = REGISTER_SP(hit->plan.ctx) + place->parameter_at;
	struct outgoing_call call;

	if (!take_call(hit, &place->key, &call))
		return;
	if (bpf_probe_read_user(frame, sizeof(*frame), (void *)parameter) || ((__u32)frame->stream_id & 0x80000001) != 1 ||
	    frame->block == 0 || frame->length == 0 || frame->length > frame->capacity || frame->end_stream > 1 ||
	    frame->end_headers > 1 || frame->padding_bytes != 0) {
		COUNT_OUTGOING(call.probe, refused);
		return;
	}
	if (!frame->end_headers || frame->length + BLOCK_BYTES > FRAME_BYTES || frame->capacity - frame->length < BLOCK_BYTES) {
		COUNT_OUTGOING(call.probe, no_room);
		return;
	}
	put_value(scratch, &call);
	__builtin_memcpy(&scratch->text[VALUE_AT - sizeof(BLOCK_NAME) + 1], BLOCK_NAME, sizeof(BLOCK_NAME) - 1);
	scratch->words[0] = frame->length + BLOCK_BYTES;
	if (bpf_probe_write_user((void *)(frame->block + frame->length), &scratch->text[VALUE_AT - sizeof(BLOCK_NAME) + 1],
				 BLOCK_BYTES) ||
	    bpf_probe_write_user((void *)(parameter + __builtin_offsetof(struct headers_frame, length)), scratch->words, 8))
		COUNT_OUTGOING(call.probe, fault);
	else
		COUNT_OUTGOING(call.probe, written);
}

#endif
