/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The trace context that came with a request.
 * W3C Trace Context, level 1, section 3.2: version "-" trace-id "-" parent-id "-" trace-flags, lower-case hex.
 * B3 (https://github.com/openzipkin/b3-propagation): X-B3-TraceId, X-B3-SpanId, X-B3-Sampled, X-B3-Flags, or all in one header:
 * trace-id "-" span-id ["-" state ["-" parent's span-id]], lower-case hex, 16 or 32 digits of the trace id.
 */
#ifndef SIDESPAN_TRACE_CONTEXT_H
#define SIDESPAN_TRACE_CONTEXT_H

#include "maps.h"

#define TRACEPARENT_BYTES 55
#define B3_BYTES 68	    /* the longest single header */
#define MALFORMED_BYTES 127 /* a length that no header of these has */

enum b3_found { B3_TRACE_ID = 1, B3_SPAN_ID = 2, B3_INVALID = 4 };

/* Bit 4: a lower-case hex digit. A table, because a branch a digit would give the verifier 2^52 paths. */
static const __u8 hex_digit[256] = {
	['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23, ['8'] = 24, ['9'] = 25,
	['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};

/* Parses 2 * size digits at text[at] into `out`; bit 4 of `valid` stays set if all are digits, `any` gets their bits. */
#define PARSE_HEX(text, at, out, size, valid, any)                        \
	for (__u32 i_ = 0; i_ < (size); i_++) {                           \
		__u8 high_ = hex_digit[(text)[(at) + 2 * i_]];            \
		__u8 low_ = hex_digit[(text)[(at) + 2 * i_ + 1]];         \
		(valid) &= high_ & low_;                                  \
		(out)[i_] = (__u8)(high_ << 4 | (low_ & 15));             \
		(any) |= (out)[i_];                                       \
	}

/* The call's remote parent; `flags`: what else becomes of it. */
static __always_inline void adopt(struct frame *frame, const __u8 *trace_id, const __u8 *span_id, __u32 flags)
{
	__builtin_memcpy(frame->trace_id, trace_id, 16);
	__builtin_memcpy(frame->parent_span_id, span_id, 8);
	frame->flags &= ~(FRAME_REMOTE_TRACE | FRAME_SAMPLED | FRAME_B3_PARENT);
	frame->flags |= FRAME_REMOTE_PARENT | flags;
}

/* An invalid one changes nothing. */
static __noinline void adopt_traceparent(struct scratch *scratch, __u64 address, __u64 length)
{
	__u8 *text = scratch->text;
	__u8 *parsed = (__u8 *)scratch->words; /* trace id 16, parent id 8, flags 1, version 1 */
	__u8 valid = 16, any_trace = 0, any_parent = 0, ignored = 0;

	text[TRACEPARENT_BYTES] = '-';
	if (length < TRACEPARENT_BYTES ||
	    bpf_probe_read_user(text, length > TRACEPARENT_BYTES ? TRACEPARENT_BYTES + 1 : TRACEPARENT_BYTES, (void *)address))
		return;
	PARSE_HEX(text, 0, parsed + 25, 1, valid, ignored);
	PARSE_HEX(text, 3, parsed, 16, valid, any_trace);
	PARSE_HEX(text, 36, parsed + 16, 8, valid, any_parent);
	PARSE_HEX(text, 53, parsed + 24, 1, valid, ignored);
	if (!valid || !any_trace || !any_parent)
		return;
	if (text[2] != '-' || text[35] != '-' || text[52] != '-' || text[TRACEPARENT_BYTES] != '-')
		return;
	/* Version 255 is invalid; version 0 has exactly this length; later ones may go on after a dash. */
	if (parsed[25] == 255 || (parsed[25] == 0 && length != TRACEPARENT_BYTES))
		return;
	adopt(&scratch->frame, parsed, parsed + 16, FRAME_REMOTE_TRACE | (parsed[24] & 1 ? FRAME_SAMPLED : 0));
}

enum parsed_digits { DIGITS_VALID = 1, DIGITS_NOT_ZERO = 2 };

/* Parses the 16 hex digits at text[at] into that word of scratch->words, 0 or 1, without a branch. Returns enum parsed_digits. */
static __noinline __u32 parse_digits(struct scratch *scratch, __u32 at, __u32 word)
{
	MASK(word, 2);
	__u8 *out = (__u8 *)&scratch->words[word];
	__u8 valid = 16, any = 0;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 8; i++) {
		__u32 from = at + 2 * i;

		MASK(from, 128);
		__u8 high = hex_digit[scratch->text[from]], low = hex_digit[scratch->text[from + 1]];
		valid &= high & low;
		out[i] = (__u8)(high << 4 | (low & 15));
		any |= out[i];
	}
	return valid >> 4 | (-(__u32)any >> 31) << 1;
}

/* The decision about sampling, of X-B3-Sampled or of the single header: frame flags. Without one it is the receiver's. */
static __always_inline __u32 b3_decision(__u8 state)
{
	if (state == '1' || state == 'd' || state == 't')
		return FRAME_REMOTE_TRACE | FRAME_SAMPLED;
	return state == '0' || state == 'f' ? FRAME_REMOTE_TRACE : 0;
}

static __always_inline void take_b3_trace_id(struct scratch *scratch, __u32 digits)
{
	__u32 high = DIGITS_VALID, low;

	scratch->words[0] = 0;
	if (digits == 32)
		high = parse_digits(scratch, 0, 0);
	low = parse_digits(scratch, digits - 16, 1);
	scratch->b3.found |= (high & low & DIGITS_VALID) && ((high | low) & DIGITS_NOT_ZERO) ? B3_TRACE_ID : B3_INVALID;
	__builtin_memcpy(scratch->b3.trace_id, scratch->words, 16);
}

static __always_inline void take_b3_span_id(struct scratch *scratch, __u32 at)
{
	__u32 parsed = parse_digits(scratch, at, 0);

	scratch->b3.found |= parsed == (DIGITS_VALID | DIGITS_NOT_ZERO) ? B3_SPAN_ID : B3_INVALID;
	__builtin_memcpy(scratch->b3.span_id, scratch->words, 8);
}

static __always_inline void adopt_b3(struct scratch *scratch)
{
	struct b3_headers *b3 = &scratch->b3;

	if (b3->found == (B3_TRACE_ID | B3_SPAN_ID))
		adopt(&scratch->frame, b3->trace_id, b3->span_id, FRAME_B3_PARENT | b3->flags);
}

/* A single header, in scratch->text. */
static __always_inline void adopt_single_b3(struct scratch *scratch, __u32 length)
{
	/* 33, 35 and 52 bytes with the short trace id, 16 more with the long one. */
	__u32 digits = length == 49 || length == 51 || length == 68 ? 32 : 16;
	__u32 rest = length - digits, state_at = digits + 18;

	if (rest != 17 && rest != 19 && rest != 36)
		return; /* also one of only the decision: there is no parent in it */
	MASK(digits, 64);
	MASK(state_at, 64);
	scratch->b3.found = 0;
	scratch->b3.flags = 0;
	/* The parent's parent is not needed, but all is wrong if it is. */
	if (rest == 36) {
		__u32 parent_at = digits + 20;

		if (scratch->text[digits + 19] != '-' || parse_digits(scratch, parent_at, 0) != (DIGITS_VALID | DIGITS_NOT_ZERO))
			return;
	}
	take_b3_trace_id(scratch, digits);
	take_b3_span_id(scratch, digits + 1);
	if (scratch->text[digits] != '-')
		return;
	if (rest > 17) {
		__u8 state = scratch->text[state_at];

		if (scratch->text[digits + 17] != '-' || (state != '0' && state != '1' && state != 'd'))
			return;
		scratch->b3.flags = b3_decision(state);
	}
	adopt_b3(scratch);
}

/* X-B3-Sampled is 0 or 1; early implementations send false or true. */
static __always_inline int is_b3_sampled(struct scratch *scratch, __u32 length)
{
	__u32 word = *(__u32 *)scratch->text;

	return length == 1 ? scratch->text[0] == '0' || scratch->text[0] == '1' :
	       length == 4 ? word == 0x65757274 /* "true" */ :
			     length == 5 && word == 0x736c6166 /* "fals" */ && scratch->text[4] == 'e';
}

/*
 * Takes what a header of that role says of the trace context; its text of `length` bytes is where scratch->words[0] says.
 * length 0: the request has none. Nothing invalid becomes a parent.
 */
static __noinline void use_context_header(struct scratch *scratch, __u32 role, __u64 length)
{
	struct b3_headers *b3 = &scratch->b3;
	__u64 address = scratch->words[0];
	__u32 size = 0;

	if (!(scratch->frame.flags & FRAME_ROOT))
		return;
	if (role == ROLE_TRACEPARENT) {
		if (length != MALFORMED_BYTES)
			adopt_traceparent(scratch, address, length);
		return;
	}
	if (role == ROLE_B3_TRACE_ID) {
		b3->found = 0;
		b3->flags = 0;
	}
	if (length > B3_BYTES)
		b3->found |= B3_INVALID;
	else
		size = (__u32)length;
	MASK(size, 128);
	if (size > 0 && bpf_probe_read_user(scratch->text, size, (void *)address)) {
		b3->found |= B3_INVALID;
		size = 0;
	}
	switch (role) {
	case ROLE_B3_TRACE_ID:
		if (size == 16 || size == 32)
			take_b3_trace_id(scratch, size);
		break;
	case ROLE_B3_SPAN_ID:
		if (size == 16)
			take_b3_span_id(scratch, 0);
		break;
	case ROLE_B3_SAMPLED:
		if (size == 0)
			break;
		if (is_b3_sampled(scratch, size))
			b3->flags = b3_decision(scratch->text[0]);
		else
			b3->found |= B3_INVALID;
		break;
	case ROLE_B3_FLAGS:
		/* 1: debug, which implies that it is sampled. */
		if (size == 1 && scratch->text[0] == '1')
			b3->flags = FRAME_REMOTE_TRACE | FRAME_SAMPLED;
		else if (size > 0 && !(size == 1 && scratch->text[0] == '0'))
			b3->found |= B3_INVALID;
		adopt_b3(scratch);
		break;
	case ROLE_B3:
		if (size > 0)
			adopt_single_b3(scratch, size);
		break;
	}
}

#endif
