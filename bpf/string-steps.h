/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Strings of which the headers are at hand. A read costs more than the bytes between two strings that lie close to each
 * other: parts of one line, pieces of a split, small strings that were made one after the other. Those are read at once.
 */
#ifndef SIDESPAN_STRING_STEPS_H
#define SIDESPAN_STRING_STEPS_H

#include "output.h"

static __always_inline struct wanted_string *wanted_string(struct scratch *scratch, __u32 index)
{
	MASK(index, WANTED_STRINGS);
	return &scratch->strings[index];
}

static __always_inline void want_string(struct scratch *scratch, __u32 index, const __u64 *header, __u32 limit)
{
	struct wanted_string *wanted = wanted_string(scratch, index);
	__u64 address = header[0], length = header[1];

	wanted->address = address;
	wanted->length = length;
	wanted->limit = limit;
	wanted->size = address == 0 || is_constant(scratch, address) ? 0 : length > limit ? limit : (__u32)length;
}

/* Reads the string and those behind it that lie close, none of them twice as far as a window is wide. */
static __always_inline void open_window(struct scratch *scratch, __u32 index, __u32 count)
{
	struct wanted_string *wanted = wanted_string(scratch, index);
	__u64 from = wanted->address, until = from + wanted->size;
	__u32 together = 0, size;

#pragma clang loop unroll(disable)
	for (__u32 i = 1; i < STRINGS_AT_ONCE; i++) {
		__u64 first, last;

		if (index + i >= count)
			break;
		wanted = wanted_string(scratch, index + i);
		if (wanted->size == 0)
			continue;
		first = wanted->address < from ? wanted->address : from;
		last = wanted->address + wanted->size > until ? wanted->address + wanted->size : until;
		if (last - first > WINDOW_BYTES)
			break;
		from = first;
		until = last;
		together++;
	}
	scratch->window_bytes = 0;
	if (together == 0)
		return;
	size = (__u32)(until - from);
	MASK(size, 2 * WINDOW_BYTES);
	if (bpf_probe_read_user(scratch->window, size, (void *)from))
		return;
	scratch->window_at = from;
	scratch->window_bytes = size;
}

/* Appends the string's chunk if the window holds it all. */
static __always_inline int append_from_window(struct scratch *scratch, const struct wanted_string *wanted)
{
	__u64 at = wanted->address - scratch->window_at;
	__u32 size = wanted->size, out = scratch->out, from;

	if (size == 0 || at >= WINDOW_BYTES || (__u32)at + size > scratch->window_bytes)
		return 0;
	/* Copied in pieces of 16. */
	if (room(scratch) < sizeof(struct chunk_header) + size + 16)
		return 0;
	MASK(out, CAPTURE_BYTES);
	*word_at(&scratch->data[out]) = chunk_word(OP_STRING, CHUNK_OK, size, wanted->length);
	scratch->out = out + sizeof(struct chunk_header) + ((size + 7) & ~7u);
	from = (__u32)at;
	MASK(from, WINDOW_BYTES);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < WINDOW_BYTES; i += 16) {
		if (i >= size)
			break;
		*word_at(&scratch->data[out + 8 + i]) = *word_at(&scratch->window[from + i]);
		*word_at(&scratch->data[out + 16 + i]) = *word_at(&scratch->window[from + i + 8]);
	}
	return 1;
}

/* Appends a chunk for each of the first `count` wanted strings. */
static __always_inline int append_strings(struct scratch *scratch, __u32 count)
{
	scratch->window_bytes = 0;
	/* Rolled, as in step_image: less code to fetch, and no slower. */
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < STRINGS_AT_ONCE; i++) {
		struct wanted_string *wanted = wanted_string(scratch, i);

		if (i >= count)
			break;
		if (append_from_window(scratch, wanted))
			continue;
		if (wanted->size > 0 && i + 1 < count) {
			open_window(scratch, i, count);
			if (append_from_window(scratch, wanted))
				continue;
		}
		if (append_bytes(scratch, OP_STRING, CHUNK_OK, wanted->address, wanted->length, wanted->limit) == STEP_END)
			return STEP_END;
	}
	return STEP_GO_ON;
}

static __always_inline int step_string(struct scratch *scratch, const struct capture_step *step)
{
	__u64 more = step->imm;
	__u32 at = step->b, limit = step->c;

	if (step->a == 1) {
		__u64 *header = image_word(scratch, at);

		return append_bytes(scratch, OP_STRING, CHUNK_OK, header[0], header[1], limit);
	}
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < STRINGS_AT_ONCE; i++) {
		if (i >= step->a)
			break;
		want_string(scratch, i, image_word(scratch, at), limit);
		at = ((__u32)more & 0xff) * 8;
		limit = ((__u32)more >> 8 & 0xff) * 8;
		more >>= 16;
	}
	return append_strings(scratch, step->a);
}

/* The strings of an OP_SLICE without a turn of the interpreter for each. */
static __always_inline int slice_strings(struct scratch *scratch, __u32 items, __u32 count, __u32 limit)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SLICE_STRINGS; i++) {
		__u32 at = items + 16 * i;

		if (i >= count)
			break;
		MASK(at, CAPTURE_BYTES);
		want_string(scratch, i, word_at(&scratch->data[at]), limit);
	}
	return append_strings(scratch, count);
}

#endif
