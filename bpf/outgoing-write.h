/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* The headers that are written into a request. */
#ifndef SIDESPAN_OUTGOING_WRITE_H
#define SIDESPAN_OUTGOING_WRITE_H

#include "outgoing-headers.h"
#include "trace-state.h"

/* The 16 hex digits of 8 bytes of an id. */
static __noinline int put_digits(struct scratch *scratch, __u32 at, __u64 bytes)
{
	MASK(at, HEADERS_BYTES);
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 8; i++) {
		__u32 byte = (__u32)(bytes >> 8 * i) & 255;

		scratch->data[at + 2 * i] = HEX_DIGIT(byte >> 4);
		scratch->data[at + 2 * i + 1] = HEX_DIGIT(byte & 15);
	}
	return 0;
}

/* Puts the text of the call's tracestate into scratch->state_text; its length, 0: there is none, or NO_STATE. */
static __noinline __u32 read_state(struct scratch *scratch, const struct outgoing_call *call)
{
	__u64 number = call->trace_state;
	__u32 index = call->trace_state & (settings.trace_states - 1), length;
	struct trace_state *state;

	if (number == 0)
		return call->threshold ? put_threshold(scratch->state_text, call->threshold) : 0;
	state = bpf_map_lookup_elem(&trace_states, &index);
	if (!state || *(volatile __u64 *)&state->number != number || state->trace_id[0] != call->trace_id[0] ||
	    state->trace_id[1] != call->trace_id[1] || state->length == 0)
		return NO_STATE;
	length = state->length;
	__builtin_memcpy(scratch->state_text, state->text, TRACE_STATE_BYTES);
	/* Another one may have been written meanwhile. */
	return __sync_val_compare_and_swap(&state->number, number, number) == number ? length : NO_STATE;
}

/* Puts tracestate behind the headers in scratch->data, where its name is already; the size of all, or of them alone. */
static __noinline __u32 put_state(struct scratch *scratch, const struct outgoing_call *call, __u32 size, __u64 room, __u32 is_block)
{
	__u32 length = read_state(scratch, call), at = size + STATE_NAME_BYTES, rest = length - 127;

	if (length == 0)
		return size;
	scratch->stopped = 1;
	if (length > TRACE_STATE_BYTES)
		return size;
	MASK(at, 2 * HEADERS_BYTES);
	/* RFC 7541, 5.1: an integer with a prefix of 7 bits. */
	if (is_block && length < 127) {
		scratch->data[at++] = (__u8)length;
	} else if (is_block) {
		scratch->data[at++] = 127;
		scratch->data[at++] = (__u8)(rest < 128 ? rest : (rest & 127) | 128);
		if (rest >= 128)
			scratch->data[at++] = (__u8)(rest >> 7);
	}
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < TRACE_STATE_BYTES; i += 8)
		*word_at(&scratch->data[at + i]) = *word_at(&scratch->state_text[i]);
	at += length;
	MASK(at, 2 * TRACE_STATE_BYTES);
	if (!is_block) {
		scratch->data[at++] = '\r';
		scratch->data[at++] = '\n';
	}
	if (at > room)
		return size;
	scratch->stopped = 0;
	return at;
}

/*
 * Puts the headers, with the ids of the call, at the beginning of scratch->data; their size, 0: there is no room for them.
 * scratch->stopped: the tracestate is left out.
 */
static __noinline __u32 put_headers(struct scratch *scratch, const struct outgoing_call *call, const volatile struct headers_text *headers, __u64 room)
{
	const volatile __u64 *text = (const volatile __u64 *)headers->text;
	__u32 size = headers->size;

	scratch->stopped = 0;
	if (size > room)
		return 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < HEADERS_BYTES / 8; i++)
		*word_at(&scratch->data[8 * i]) = text[i];
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < HEADER_FORMATS; i++) {
		__u32 sampled = headers->places[i].sampled;

		if (i >= headers->formats)
			break;
		put_digits(scratch, headers->places[i].trace_id, call->trace_id[0]);
		put_digits(scratch, headers->places[i].trace_id + 16, call->trace_id[1]);
		put_digits(scratch, headers->places[i].span_id, call->span_id);
		MASK(sampled, HEADERS_BYTES);
		scratch->data[sampled] = call->sampled ? '1' : '0';
	}
	return settings.trace_states ? put_state(scratch, call, size, room, headers->is_block) : size;
}

struct space {
	__u64 buffer;
	__u64 length; /* that is filled, … */
	__u64 length_at; /* … and where that is said */
	__u64 room; /* behind it */
};

/* Writes the headers behind what is there, then the new length. */
static __always_inline void write_headers(struct scratch *scratch, const struct outgoing_call *call, const volatile struct headers_text *headers, const struct space *space)
{
	__u32 size = put_headers(scratch, call, headers, space->room);
	__u64 rest = size - 1;

	MASK(rest, 2 * TRACE_STATE_BYTES); /* for the verifier: not 0 */
	scratch->words[0] = space->length + size;
	if (size == 0)
		COUNT_OUTGOING(call->probe, no_room);
	else if (bpf_probe_write_user((void *)(space->buffer + space->length), scratch->data, rest + 1) ||
		 bpf_probe_write_user((void *)space->length_at, scratch->words, 8))
		COUNT_OUTGOING(call->probe, fault);
	else if (scratch->stopped)
		COUNT_OUTGOING(call->probe, stateless);
	else
		COUNT_OUTGOING(call->probe, written);
}

/*
 * At the entry of Header.writeSubset(h, w, …): the buffer ends with a whole line, and the headers are about to follow.
 * bufio.Writer {err error; buf []byte; n int; wr io.Writer}
 */
static __always_inline void write_line(struct hit *hit, const struct outgoing_site *place)
{
	struct scratch *scratch = hit->plan.scratch;
	__u64 *words = scratch->words;
	struct outgoing_call call;
	struct space space;
	__u64 writer, headers;

	if (!take_call(hit, &place->key, &call))
		return;
	headers = read_place(hit->plan.ctx, hit->plan.scratch, &place->headers);
	writer = read_place(hit->plan.ctx, hit->plan.scratch, &place->key);
	if (headers != call.headers || bpf_probe_read_user(words, 16, (void *)(writer + place->buffer_at)) ||
	    bpf_probe_read_user(&words[2], 8, (void *)(writer + place->written_at)) ||
	    bpf_probe_read_user(&words[3], 8, (void *)(writer + place->error_at)))
		goto refused;
	space.buffer = words[0];
	space.length = words[2];
	space.length_at = writer + place->written_at;
	space.room = words[1] - words[2];
	if (words[3] != 0 || space.buffer == 0 || words[2] > words[1])
		goto refused;
	if (space.length < 2) {
		COUNT_OUTGOING(call.probe, no_room);
		return;
	}
	/* Before it the request line stands, whole. */
	words[0] = 0;
	if (bpf_probe_read_user(words, 2, (void *)(space.buffer + space.length - 2)) || (words[0] & 0xffff) != 0x0a0d)
		goto refused;
	write_headers(scratch, &call, &outgoing.lines, &space);
	return;
refused:
	COUNT_OUTGOING(call.probe, refused);
}

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
	struct space space;

	if (!take_call(hit, &place->key, &call))
		return;
	if (bpf_probe_read_user(frame, sizeof(*frame), (void *)parameter) || ((__u32)frame->stream_id & 0x80000001) != 1 ||
	    frame->block == 0 || frame->length == 0 || frame->length > frame->capacity || frame->end_stream > 1 ||
	    frame->end_headers > 1 || frame->padding_bytes != 0) {
		COUNT_OUTGOING(call.probe, refused);
		return;
	}
	space.buffer = frame->block;
	space.length = frame->length;
	space.length_at = parameter + __builtin_offsetof(struct headers_frame, length);
	space.room = frame->capacity < FRAME_BYTES ? frame->capacity : FRAME_BYTES;
	space.room = frame->end_headers && space.length < space.room ? space.room - space.length : 0;
	write_headers(scratch, &call, &outgoing.block, &space);
}

#endif
