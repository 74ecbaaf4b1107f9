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

static __always_inline void begin_strings(struct scratch *scratch)
{
	scratch->window_bytes = 0;
	scratch->first_string = 0;
	scratch->strings[0].from = 0;
	scratch->strings[0].until = 0;
}

/*
 * Notes what is to be read. All that loops work with here is in the scratch buffer: the verifier would walk through the rest
 * once for each combination of what it knows of them.
 */
static __always_inline void want_string(struct scratch *scratch, __u32 index, const __u64 *header, __u32 limit)
{
	struct wanted_string *wanted = wanted_string(scratch, index), *first = wanted_string(scratch, scratch->first_string);
	__u64 address = header[0], length = header[1], from, until;

	wanted->address = address;
	wanted->length = length;
	wanted->limit = limit;
	wanted->size = address == 0 || is_constant(scratch, address) ? 0 : length > limit ? limit : (__u32)length;
	wanted->from = 0;
	wanted->until = 0;
	if (wanted->size == 0)
		return;
	until = address + wanted->size;
	from = first->from < address ? first->from : address;
	if (first->until > until)
		until = first->until;
	if (until - from > WINDOW_BYTES) { /* from is 0 before the first one */
		scratch->first_string = index;
		first = wanted;
		from = address;
		until = address + wanted->size;
	}
	first->from = from;
	first->until = until;
}

/* Reads the strings of which this is the first one, if there are several. */
static __always_inline void open_window(struct scratch *scratch, const struct wanted_string *wanted)
{
	__u64 from = wanted->from, size = wanted->until - from;

	if (size <= wanted->size || size > WINDOW_BYTES)
		return;
	MASK(size, 2 * WINDOW_BYTES);
	scratch->window_bytes = 0;
	if (bpf_probe_read_user(scratch->window, size, (void *)from))
		return;
	scratch->window_at = from;
	scratch->window_bytes = size;
}

/* Whether the window holds all of the string, and its chunk has room: it is copied in pieces of 32. */
static __always_inline int in_window(const struct scratch *scratch, const struct wanted_string *wanted)
{
	__u64 at = wanted->address - scratch->window_at;
	__u32 size = wanted->size;

	return size > 0 && at < WINDOW_BYTES && (__u32)at + size <= scratch->window_bytes &&
	       room(scratch) >= sizeof(struct chunk_header) + size + 32;
}

static __always_inline void append_from_window(struct scratch *scratch, const struct wanted_string *wanted)
{
	__u32 from = (__u32)(wanted->address - scratch->window_at), size = wanted->size, out = scratch->out;

	MASK(out, CAPTURE_BYTES);
	MASK(from, WINDOW_BYTES);
	*word_at(&scratch->data[out]) = chunk_word(OP_STRING, CHUNK_OK, size, wanted->length);
	scratch->out = out + sizeof(struct chunk_header) + ((size + 7) & ~7u);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < WINDOW_BYTES; i += 32) {
		if (i >= size)
			break;
		*word_at(&scratch->data[out + 8 + i]) = *word_at(&scratch->window[from + i]);
		*word_at(&scratch->data[out + 16 + i]) = *word_at(&scratch->window[from + i + 8]);
		*word_at(&scratch->data[out + 24 + i]) = *word_at(&scratch->window[from + i + 16]);
		*word_at(&scratch->data[out + 32 + i]) = *word_at(&scratch->window[from + i + 24]);
	}
}

/* Appends a chunk for each of the first `count` wanted strings. */
static __always_inline int append_strings(struct scratch *scratch, __u32 count)
{
	/* Rolled, as in step_image: less code to fetch, and no slower. */
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < STRINGS_AT_ONCE; i++) {
		struct wanted_string *wanted = wanted_string(scratch, i);

		if (i >= count)
			break;
		open_window(scratch, wanted);
		if (in_window(scratch, wanted))
			append_from_window(scratch, wanted);
		else if (append_bytes(scratch, OP_STRING, CHUNK_OK, wanted->address, wanted->length, wanted->limit) == STEP_END)
			return STEP_END;
	}
	return STEP_GO_ON;
}

/*
 * Two strings of which the second begins at most 8 bytes behind the first, as a request line's method and target: one read,
 * whose first bytes lie where the second's chunk header comes to stand. Returns 0 if they are not so, or can't be read.
 */
static __always_inline int append_pair(struct scratch *scratch, const __u64 *first, const __u64 *second, __u32 first_limit, __u32 limit)
{
	__u64 ahead = second[0] - first[0];
	__u32 out = scratch->out, size = second[1] > limit ? limit : (__u32)second[1], from;
	struct pair_of_chunks {
		struct chunk_header header;
		__u64 text;
		struct chunk_header second;
	} *chunks;

	if (ahead - 1 >= 8 || first[1] - 1 >= ahead || first[1] > first_limit || size == 0 || is_constant(scratch, first[0]) ||
	    room(scratch) < sizeof(*chunks) + size + 8)
		return 0;
	from = out + sizeof(*chunks) - (__u32)ahead;
	if (copy_user(scratch, from, (__u32)ahead + size, first[0]))
		return 0;
	MASK(out, CAPTURE_BYTES);
	MASK(from, CAPTURE_BYTES);
	chunks = (struct pair_of_chunks *)&scratch->data[out];
	chunks->text = *word_at(&scratch->data[from]);
	chunks->header = (struct chunk_header){.op = OP_STRING, .captured = first[1], .total = first[1]};
	chunks->second = (struct chunk_header){.op = OP_STRING, .captured = size, .total = second[1] > 0xffffffff ? 0xffffffff : second[1]};
	scratch->out = out + sizeof(*chunks) + ((size + 7) & ~7u);
	return 1;
}

static __always_inline int step_string(struct scratch *scratch, const struct capture_step *step)
{
	__u64 more = step->imm;
	__u32 at = step->b, limit = step->c, i = 0;
	int pair;

	pair = step->a > 1 && append_pair(scratch, image_word(scratch, at), image_word(scratch, ((__u32)more & 0xff) * 8), limit,
					  ((__u32)more >> 8 & 0xff) * 8);
	if (pair) {
		i = 2;
		at = ((__u32)(more >> 16) & 0xff) * 8;
		limit = ((__u32)(more >> 24) & 0xff) * 8;
		more >>= 32;
	}
	if (!pair)
		begin_strings(scratch);
#pragma clang loop unroll(disable)
	for (; i < STRINGS_AT_ONCE; i++) {
		__u64 *header = image_word(scratch, at);

		if (i >= step->a)
			break;
		if (!pair && step->a > 1)
			want_string(scratch, i, header, limit);
		else if (append_bytes(scratch, OP_STRING, CHUNK_OK, header[0], header[1], limit) == STEP_END)
			return STEP_END;
		at = ((__u32)more & 0xff) * 8;
		limit = ((__u32)more >> 8 & 0xff) * 8;
		more >>= 16;
	}
	return pair || step->a == 1 ? STEP_GO_ON : append_strings(scratch, step->a);
}

/* The strings of an OP_SLICE without a turn of the interpreter for each. */
static __always_inline int slice_strings(struct scratch *scratch, __u32 items, __u32 count, __u32 limit)
{
	begin_strings(scratch);
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
