/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* W3C Trace Context, level 1, section 3.2: version "-" trace-id "-" parent-id "-" trace-flags, lower-case hex. */
#ifndef SIDESPAN_TRACEPARENT_H
#define SIDESPAN_TRACEPARENT_H

#include "maps.h"

#define TRACEPARENT_BYTES 55

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

/* Takes the traceparent of `length` bytes at `address` over into the frame; an invalid one changes nothing. */
static __noinline void adopt_traceparent(struct scratch *scratch, __u64 address, __u64 length)
{
	struct frame *frame = &scratch->frame;
	__u8 *text = scratch->text;
	__u8 *parsed = (__u8 *)scratch->words; /* trace id 16, parent id 8, flags 1, version 1 */
	__u8 valid = 16, any_trace = 0, any_parent = 0, ignored = 0;

	if (length < TRACEPARENT_BYTES)
		return;
	if (bpf_probe_read_user(text, TRACEPARENT_BYTES, (void *)address))
		return;
	PARSE_HEX(text, 0, parsed + 25, 1, valid, ignored);
	PARSE_HEX(text, 3, parsed, 16, valid, any_trace);
	PARSE_HEX(text, 36, parsed + 16, 8, valid, any_parent);
	PARSE_HEX(text, 53, parsed + 24, 1, valid, ignored);
	if (!valid || !any_trace || !any_parent)
		return;
	if (text[2] != '-' || text[35] != '-' || text[52] != '-')
		return;
	/* Version 255 is invalid; version 0 has exactly this length; later ones may go on after a dash. */
	if (parsed[25] == 255 || (parsed[25] == 0 && length != TRACEPARENT_BYTES))
		return;
	__builtin_memcpy(frame->trace_id, parsed, 16);
	__builtin_memcpy(frame->parent_span_id, parsed + 16, 8);
	frame->flags |= FRAME_REMOTE_PARENT | FRAME_REMOTE_TRACE;
	if (parsed[24] & 1)
		frame->flags |= FRAME_SAMPLED;
}

#endif
