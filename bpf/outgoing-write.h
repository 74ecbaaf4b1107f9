/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* The header that is written into a request. */
#ifndef SIDESPAN_OUTGOING_WRITE_H
#define SIDESPAN_OUTGOING_WRITE_H

#include "outgoing-headers.h"

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
